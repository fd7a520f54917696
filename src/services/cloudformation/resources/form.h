// Form: what the value of a property looks like, and how it becomes what an operation takes.
//
// Most forms are borrowed from the operation itself (Input): its shapes name the members, so that a
// property needs no table of its own. Names match whatever the case of an operation's own names is:
// Schema's "Domain" fills "domain".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/cloudformation/template/node.h"

namespace usher::cloudformation {

struct Property;

class Form {
 public:
  enum class Kind {
    kText,
    kInteger,
    kNumber,
    kBoolean,
    kJson,  // JSON as a text, or written out as maps and lists; becomes its text
    kTags,  // a list of Key and Value, or a map; becomes a map
    kList,
    kMap,      // from any names
    kObject,   // of properties of its own
    kInput,    // a member of an operation's input
    kAnything  // kept as it is
  };

  static Form Text() { return Form(Kind::kText); }
  static Form Integer() { return Form(Kind::kInteger); }
  static Form Number() { return Form(Kind::kNumber); }
  static Form Boolean() { return Form(Kind::kBoolean); }
  static Form Json() { return Form(Kind::kJson); }
  static Form Tags() { return Form(Kind::kTags); }
  static Form Anything() { return Form(Kind::kAnything); }
  static Form List(Form element);
  static Form Map(Form element);
  static Form Object(std::vector<Property> members);
  static Form Input(std::string_view service, std::string_view operation, std::string_view member);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] const std::vector<Property>& members() const { return *members_; }

  // Errors: invalid input with path and line: an unknown name, one that is required and missing, a
  // text where a list is wanted, a number that is none. With `unevaluated`, functions are passed
  // over (but both branches of Fn::If are looked at) and the value tells nothing.
  Result<Value> Convert(const Node& node, const std::string& path, bool unevaluated = false) const;

 private:
  explicit Form(Kind kind) : kind_(kind) {}
  Result<Value> ConvertPlain(const Node& node, const std::string& path, bool unevaluated) const;

  Kind kind_;
  std::shared_ptr<const Form> element_;
  std::shared_ptr<const std::vector<Property>> members_;
  std::string service_, operation_, member_;
};

// What a change of a property's value means.
enum class OnChange {
  kUpdates,   // the resource is changed as it stands
  kReplaces,  // a new one is made, the old one is deleted
};

struct Property {
  std::string name;
  Form form;
  OnChange on_change = OnChange::kUpdates;
  bool required = false;
  std::string member =
      {};  // of the inputs of the type's operations; empty: see the type's functions
};

// Every property of a resource by its name. Errors: as Form::Convert.
Result<Value> ConvertProperties(const std::vector<Property>& properties, const Node& node,
                                const std::string& path, bool unevaluated = false);

}  // namespace usher::cloudformation
