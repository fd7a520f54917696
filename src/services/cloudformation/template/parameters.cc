#include "services/cloudformation/template/parameters.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.h"
#include "regex/regex.h"
#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> ElementsOf(const ParameterRule& rule, const std::string& value) {
  if (!rule.is_list()) return {value};
  std::vector<std::string> elements;
  if (value.empty()) return elements;
  for (const std::string_view part : Split(value, ',')) elements.emplace_back(Trim(part));
  return elements;
}

Error Violation(const ParameterRule& rule, const std::string& what) {
  if (!rule.constraint.empty()) {
    return InvalidInput("Parameter '" + rule.name +
                        "' failed to satisfy constraint: " + rule.constraint);
  }
  return InvalidInput("Parameter '" + rule.name + "' " + what);
}

std::string Text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

Result<void> CheckElement(const ParameterRule& rule, const std::string& value) {
  if (rule.allowed_values &&
      std::ranges::find(*rule.allowed_values, value) == rule.allowed_values->end()) {
    return Violation(rule, "must be one of AllowedValues");
  }
  if (rule.allowed_pattern) {
    const auto pattern = Regex::Compile(*rule.allowed_pattern);
    if (!pattern) {
      return InvalidInput("AllowedPattern of parameter '" + rule.name +
                          "': " + pattern.error().message);
    }
    if (!pattern->Matches(value))
      return Violation(rule, "must match pattern " + *rule.allowed_pattern);
  }
  if (rule.is_number()) {
    const auto number = NumberOf(value);
    if (!number) return Violation(rule, "must be a number");
    if (rule.min_value && *number < *rule.min_value) {
      return Violation(rule, "must be a number not less than " + Text(*rule.min_value));
    }
    if (rule.max_value && *number > *rule.max_value) {
      return Violation(rule, "must be a number not greater than " + Text(*rule.max_value));
    }
    return {};
  }
  const auto length = static_cast<double>(value.size());
  if (rule.min_length && length < *rule.min_length) {
    return Violation(rule, "must contain at least " + Text(*rule.min_length) + " characters");
  }
  if (rule.max_length && length > *rule.max_length) {
    return Violation(rule, "must contain at most " + Text(*rule.max_length) + " characters");
  }
  return {};
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Result<std::map<std::string, std::string>> ResolveParameters(
    const Template& read, const std::vector<GivenParameter>& given,
    const std::map<std::string, std::string>& previous) {
  std::vector<std::string> unknown;
  std::set<std::string> seen;
  std::map<std::string, std::string> values;
  for (const GivenParameter& parameter : given) {
    if (!seen.insert(parameter.key).second) {
      return InvalidInput("Parameter '" + parameter.key + "' is given twice");
    }
    if (read.FindParameter(parameter.key) == nullptr) {
      unknown.push_back(parameter.key);
    } else if (parameter.use_previous) {
      const auto before = previous.find(parameter.key);
      if (parameter.value) {
        return InvalidInput("Invalid input for parameter key " + parameter.key +
                            ". Cannot specify usePreviousValue as true and non empty value for a "
                            "parameter");
      }
      if (before != previous.end()) values[parameter.key] = before->second;
    } else if (parameter.value) {
      values[parameter.key] = *parameter.value;
    }
  }
  if (!unknown.empty()) {
    return InvalidInput("Parameters: [" + Joined(unknown) + "] do not exist in the template");
  }
  std::vector<std::string> missing;
  for (const ParameterRule& rule : read.parameters) {
    if (values.contains(rule.name)) continue;
    if (rule.default_value) {
      values[rule.name] = *rule.default_value;
    } else {
      missing.push_back(rule.name);
    }
  }
  if (!missing.empty()) {
    return InvalidInput("Parameters: [" + Joined(missing) + "] must have values");
  }
  for (const ParameterRule& rule : read.parameters) {
    const std::string& value = values[rule.name];
    if (value.size() > kMaxParameterBytes) {
      return InvalidInput("Parameter '" + rule.name + "' is longer than " +
                          std::to_string(kMaxParameterBytes) + " bytes");
    }
    for (const std::string& element : ElementsOf(rule, value)) {
      if (const auto checked = CheckElement(rule, element); !checked) return checked.error();
    }
  }
  return values;
}

Node ParameterNode(const ParameterRule& rule, const std::string& value) {
  const auto scalar = [&](std::string text) {
    Node node = Node::Text(std::move(text));
    if (rule.is_number() && IsJsonNumber(node.text)) node.kind = Node::Kind::kNumber;
    return node;
  };
  if (!rule.is_list()) return scalar(value);
  std::vector<Node> items;
  for (std::string& element : ElementsOf(rule, value)) items.push_back(scalar(std::move(element)));
  return Node::List(std::move(items));
}

}  // namespace usher::cloudformation
