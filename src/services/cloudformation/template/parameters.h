// The values of a template's parameters, from what a request gives.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/cloudformation/template/template.h"

namespace usher::cloudformation {

struct GivenParameter {
  std::string key;
  std::optional<std::string> value;
  bool use_previous = false;
};

inline constexpr std::size_t kMaxParameterBytes = 4096;

// Every parameter of the template with its value: given, previous (when asked for) or the default.
// Errors: invalid input: "Parameters: [A, B] must have values", "Parameters: [Y] do not exist in
// the template", "Parameter 'X' must be one of AllowedValues", and so for each kind of rule.
Result<std::map<std::string, std::string>> ResolveParameters(
    const Template& read, const std::vector<GivenParameter>& given,
    const std::map<std::string, std::string>& previous);

// As Ref sees it: lists are split at their commas, numbers stay numbers in free-form JSON.
[[nodiscard]] Node ParameterNode(const ParameterRule& rule, const std::string& value);

}  // namespace usher::cloudformation
