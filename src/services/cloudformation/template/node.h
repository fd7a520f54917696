// Node: a template, or a part of one, as a tree in which every value knows its line.
//
// Scalars keep the text with which they were written, so that `GlueVersion: 3.0` reaches its
// service as "3.0" and `Version: 2012-10-17` stays a text. Whether one was a number or a boolean is
// kept beside it, for the free-form JSON (policies, schemas) that templates hold.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace usher::cloudformation {

struct Member;

struct Node {
  enum class Kind {
    kNull,
    kText,
    kNumber,   // text is a JSON number
    kBoolean,  // text reads true or false, in any case
    kList,
    kMap,
    kAbsent  // what AWS::NoValue leaves: its list or map goes without it
  };

  // Out of line, where Member is whole.
  Node();
  Node(Kind kind, int line);
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();
  static Node Text(std::string text, int line = 0);
  static Node List(std::vector<Node> items, int line = 0);
  static Node Map(int line = 0);

  [[nodiscard]] bool is_scalar() const {
    return kind == Kind::kText || kind == Kind::kNumber || kind == Kind::kBoolean;
  }
  [[nodiscard]] bool is_text() const { return kind == Kind::kText; }
  [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
  [[nodiscard]] bool is_map() const { return kind == Kind::kMap; }
  // The member of this name when this is a map that has it; nullptr otherwise.
  [[nodiscard]] const Node* Find(std::string_view name) const;
  void Add(std::string name, Node value);

  Kind kind = Kind::kNull;
  int line = 0;                 // from 1; 0 when it stands in no template
  std::string text;             // scalars
  std::vector<Node> items;      // lists
  std::vector<Member> members;  // maps, in the order of the template; names are unique
};

struct Member {
  std::string name;
  int line = 0;
  Node value;
};

// Equal but for lines, for the order of members, and for how a scalar was quoted: 5 is "5".
[[nodiscard]] bool IsSame(const Node& a, const Node& b);

// "a map", "the text 'abc'": what a complaint calls it.
[[nodiscard]] std::string Describe(const Node& node);

// As JSON in one line: numbers as they were written.
[[nodiscard]] std::string ToJson(const Node& node);

}  // namespace usher::cloudformation
