// Template: the sections of a template, checked for what can be known before anything is created.
//
// Source: AWS CloudFormation User Guide, "Template anatomy" and "Intrinsic function reference".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/cloudformation/template/node.h"

namespace usher::cloudformation {

inline constexpr std::size_t kMaxResources = 500;
inline constexpr std::size_t kMaxParameters = 200;
inline constexpr std::size_t kMaxOutputs = 200;
inline constexpr std::size_t kMaxMappings = 200;

struct ParameterRule {
  std::string name;
  int line = 0;
  std::string
      type;  // "String", "Number", "CommaDelimitedList", "List<Number>", "AWS::…", "List<AWS::…>"
  std::optional<std::string> default_value;
  std::string description;
  std::string constraint;  // ConstraintDescription
  bool no_echo = false;
  std::optional<std::vector<std::string>> allowed_values;
  std::optional<std::string> allowed_pattern;
  std::optional<double> min_length, max_length, min_value, max_value;

  [[nodiscard]] bool is_list() const {
    return type == "CommaDelimitedList" || type.starts_with("List<");
  }
  [[nodiscard]] bool is_number() const { return type == "Number" || type == "List<Number>"; }
};

struct ResourceRule {
  std::string logical_id;
  int line = 0;
  std::string type;
  Node properties = Node::Map();  // intrinsics not yet evaluated
  std::string condition;          // may be empty
  std::vector<std::string> depends_on;
  std::string deletion_policy = "Delete";  // "Delete", "Retain", "RetainExceptOnCreate"
  std::string update_replace_policy = "Delete";
  std::string metadata;  // JSON; may be empty
};

struct OutputRule {
  std::string name;
  int line = 0;
  Node value;
  std::string description;
  std::string condition;  // may be empty
  std::optional<Node> export_name;
};

// Assertions about the parameters, which hold wherever the condition does.
struct TemplateRule {
  struct Assertion {
    Node holds;  // the function that decides it
    std::string description;
  };
  std::string name;
  int line = 0;
  std::optional<Node> condition;
  std::vector<Assertion> assertions;
};

struct Template {
  std::string description;
  std::string version;   // AWSTemplateFormatVersion; may be empty
  std::string metadata;  // JSON; may be empty
  std::vector<ParameterRule> parameters;
  std::map<std::string, Node> mappings;    // name -> two levels of maps
  std::map<std::string, Node> conditions;  // name -> the function that decides it
  std::vector<TemplateRule> rules;
  std::vector<ResourceRule> resources;  // in the order of the template
  std::vector<OutputRule> outputs;

  [[nodiscard]] const ParameterRule* FindParameter(std::string_view name) const;
  [[nodiscard]] const ResourceRule* FindResource(std::string_view logical_id) const;
};

// Errors: invalid input, with the path in the template and the line: an unknown section or
// attribute, a missing type, a reference to what is not there, a function with the wrong form.
Result<Template> ParseTemplate(const Node& root);

// "/Resources/Bucket/Properties/Name (line 12): what"
Error TemplateError(std::string_view path, int line, const std::string& what);

// The names that "Ref" knows without a parameter or a resource: "AWS::Region" …
[[nodiscard]] bool IsPseudoParameter(std::string_view name);

// The function of a map with one member that names one ("Ref", "Condition", "Fn::Join"); nullptr
// when the node is none.
[[nodiscard]] const Member* FunctionOf(const Node& node);

// "${A.B} ${!x}" of Fn::Sub in parts. Errors: invalid input for a "${" that does not end, or a name
// with characters that none has.
struct SubPart {
  bool is_name = false;
  std::string text;
};
Result<std::vector<SubPart>> SplitSub(std::string_view text);

// Calls `visit` for every Ref ("Name", "") and GetAtt ("Name", "Attribute"), in Fn::Sub too. Those
// that Fn::Sub defines itself are left out.
void ForEachReference(const Node& node,
                      const std::function<void(const std::string& name,
                                               const std::string& attribute, int line)>& visit);

}  // namespace usher::cloudformation
