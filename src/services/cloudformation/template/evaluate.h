// Evaluates a template's functions: a node with functions in, a node of plain values out.
//
// Source: AWS CloudFormation User Guide, "Intrinsic function reference".
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/cloudformation/template/node.h"
#include "services/cloudformation/template/template.h"

namespace usher::cloudformation {

// Of the stack for which a template is evaluated.
struct PseudoParameters {
  std::string account_id;
  std::string region;
  std::string stack_name;
  std::string stack_id;
  std::vector<std::string> notification_arns;
};

// What names mean. The functions are asked for resources and exports alone.
struct Scope {
  std::map<std::string, Node> values;  // parameters and pseudo parameters
  std::map<std::string, Node> mappings;
  std::map<std::string, bool> conditions;  // decided by EvaluateConditions
  std::function<Result<Node>(const std::string& logical_id)> ref;
  std::function<Result<Node>(const std::string& logical_id, const std::string& attribute)> get_att;
  std::function<Result<Node>(const std::string& export_name)> import_value;
};

inline constexpr std::size_t kMaxTextBytes = 1U << 20;  // of one text that functions make

// A scope without resources, its conditions decided. Errors: as Evaluate; conditions that decide
// one another in a circle.
Result<Scope> MakeScope(const Template& read, const std::map<std::string, std::string>& parameters,
                        const PseudoParameters& pseudo);

// Whether the template's rules hold. Errors: invalid input with the rule that does not, and its
// description; as Evaluate.
Result<void> CheckRules(const Template& read, const Scope& scope);

// Errors: invalid input with path and line (a mapping without the key, Fn::Select beyond its list,
// a map where a text is wanted …), and whatever the scope's functions give.
Result<Node> Evaluate(const Node& node, const Scope& scope, std::string_view path);

// The node with every Fn::If replaced by the branch that holds, and nothing else: what a resource
// really refers to.
[[nodiscard]] Node ChooseBranches(const Node& node, const Scope& scope);

}  // namespace usher::cloudformation
