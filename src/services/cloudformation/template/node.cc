#include "services/cloudformation/template/node.h"

#include <algorithm>

#include "base/text.h"
#include "json/json.h"

namespace usher::cloudformation {
namespace {

constexpr std::size_t kMaxQuoted = 60;  // bytes of a scalar that a complaint repeats

void AppendJson(std::string& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
    case Node::Kind::kAbsent:
      out += "null";
      return;
    case Node::Kind::kText:
      json::AppendString(out, node.text);
      return;
    case Node::Kind::kNumber:
      out += node.text;
      return;
    case Node::Kind::kBoolean:
      out += AsciiLower(node.text);
      return;
    case Node::Kind::kList:
      out += '[';
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += ',';
        AppendJson(out, node.items[i]);
      }
      out += ']';
      return;
    case Node::Kind::kMap:
      out += '{';
      for (std::size_t i = 0; i < node.members.size(); ++i) {
        if (i > 0) out += ',';
        json::AppendString(out, node.members[i].name);
        out += ':';
        AppendJson(out, node.members[i].value);
      }
      out += '}';
      return;
  }
}

}  // namespace

Node::Node() = default;
Node::Node(Kind kind, int line) : kind(kind), line(line) {}
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

Node Node::Map(int line) { return {Kind::kMap, line}; }

Node Node::Text(std::string text, int line) {
  Node node(Kind::kText, line);
  node.text = std::move(text);
  return node;
}

Node Node::List(std::vector<Node> items, int line) {
  Node node(Kind::kList, line);
  node.items = std::move(items);
  return node;
}

const Node* Node::Find(std::string_view name) const {
  const auto found = std::ranges::find(members, name, &Member::name);
  return found == members.end() ? nullptr : &found->value;
}

void Node::Add(std::string name, Node value) {
  const int at = value.line;
  members.push_back({std::move(name), at, std::move(value)});
}

bool IsSame(const Node& a, const Node& b) {
  if (a.is_scalar() && b.is_scalar()) {
    const bool both_boolean = a.kind == Node::Kind::kBoolean || b.kind == Node::Kind::kBoolean;
    return a.text == b.text || (both_boolean && EqualsIgnoreCase(a.text, b.text));
  }
  if (a.kind != b.kind) return false;
  if (a.is_list()) return std::ranges::equal(a.items, b.items, IsSame);
  if (a.members.size() != b.members.size()) return false;
  return std::ranges::all_of(a.members, [&](const Member& member) {
    const Node* other = b.Find(member.name);
    return other != nullptr && IsSame(member.value, *other);
  });
}

std::string Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
    case Node::Kind::kAbsent:
      return "nothing";
    case Node::Kind::kText:
      return "the text '" + node.text.substr(0, kMaxQuoted) + "'";
    case Node::Kind::kNumber:
      return "the number " + node.text.substr(0, kMaxQuoted);
    case Node::Kind::kBoolean:
      return "the boolean " + node.text;
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      break;
  }
  return "a map";
}

std::string ToJson(const Node& node) {
  std::string out;
  AppendJson(out, node);
  return out;
}

}  // namespace usher::cloudformation
