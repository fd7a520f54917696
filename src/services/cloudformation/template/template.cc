#include "services/cloudformation/template/template.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

constexpr std::array kPseudoParameters{"AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue",
                                       "AWS::Partition", "AWS::Region",           "AWS::StackId",
                                       "AWS::StackName", "AWS::URLSuffix"};

// The functions that stand where a value is wanted, and those that decide a condition.
constexpr std::array kValueFunctions{
    "Ref",        "Fn::Base64", "Fn::Cidr",        "Fn::FindInMap",   "Fn::GetAtt",
    "Fn::GetAZs", "Fn::If",     "Fn::ImportValue", "Fn::Join",        "Fn::Length",
    "Fn::Select", "Fn::Split",  "Fn::Sub",         "Fn::ToJsonString"};
constexpr std::array kConditionFunctions{"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", "Condition"};

// Those that stand in Rules alone, and decide.
constexpr std::array kRuleFunctions{"Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"};

constexpr std::string_view kExtensions = "AWS::LanguageExtensions";

bool IsAlphanumeric(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

template <typename Names>
bool Contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Walks a template once; every check tells where it stands.
class Parser {
 public:
  explicit Parser(const Node& root) : root_(root) {}

  Result<Template> Parse() {
    if (!root_.is_map()) return TemplateError("/", root_.line, "a template is a map of sections");
    for (const Member& section : root_.members) {
      if (const auto read = ReadSection(section); !read) return read.error();
    }
    if (template_.resources.empty()) {
      return InvalidInput("Template format error: At least one Resources member must be defined.");
    }
    if (const auto checked = CheckNames(); !checked) return checked.error();
    return std::move(template_);
  }

 private:
  Result<void> ReadSection(const Member& section) {
    const std::string path = "/" + section.name;
    const Node& value = section.value;
    if (section.name == "Resources") return ReadResources(value);
    if (section.name == "Parameters") return ReadParameters(value);
    if (section.name == "Outputs") return ReadOutputs(value);
    if (section.name == "Mappings") return ReadMappings(value);
    if (section.name == "Conditions") return ReadConditions(value);
    if (section.name == "Metadata") {
      template_.metadata = ToJson(value);
      return {};
    }
    if (section.name == "Description") return ReadText(value, path, template_.description);
    if (section.name == "AWSTemplateFormatVersion") {
      if (const auto read = ReadText(value, path, template_.version); !read) return read;
      if (template_.version == "2010-09-09") return {};
      return TemplateError(
          path, value.line,
          "the only version of templates is 2010-09-09, not '" + template_.version + "'");
    }
    if (section.name == "Transform") return CheckTransform(value, path);
    if (section.name == "Rules") return ReadRules(value);
    if (section.name == "Hooks") {
      return TemplateError(path, section.line, "this section is not supported by Usher");
    }
    return TemplateError(path, section.line,
                         "there is no such section: a template has AWSTemplateFormatVersion, "
                         "Description, Metadata, Parameters, Rules, Mappings, Conditions, "
                         "Resources and Outputs");
  }

  static Result<void> CheckTransform(const Node& value, const std::string& path) {
    const std::vector<Node> names = value.is_list() ? value.items : std::vector<Node>{value};
    for (const Node& name : names) {
      if (name.text == kExtensions) continue;
      return TemplateError(path, name.line,
                           Describe(name) + ": the only transform that Usher knows is " +
                               std::string(kExtensions) + " (without Fn::ForEach)");
    }
    return {};
  }

  static Result<void> ReadText(const Node& value, const std::string& path, std::string& out) {
    if (!value.is_scalar()) {
      return TemplateError(path, value.line, "a text should be here, not " + Describe(value));
    }
    out = value.text;
    return {};
  }

  static Result<void> ReadNumber(const Node& value, const std::string& path,
                                 std::optional<double>& out) {
    double number = 0;
    const char* end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, number);
    if (!value.is_scalar() || error != std::errc() || rest != end) {
      return TemplateError(path, value.line, "a number should be here, not " + Describe(value));
    }
    out = number;
    return {};
  }

  static Result<void> ReadBoolean(const Node& value, const std::string& path, bool& out) {
    if (!value.is_scalar() ||
        (!EqualsIgnoreCase(value.text, "true") && !EqualsIgnoreCase(value.text, "false"))) {
      return TemplateError(path, value.line,
                           "true or false should be here, not " + Describe(value));
    }
    out = EqualsIgnoreCase(value.text, "true");
    return {};
  }

  static Result<void> ReadTexts(const Node& value, const std::string& path,
                                std::vector<std::string>& out) {
    if (value.is_scalar()) {
      out.push_back(value.text);
      return {};
    }
    if (!value.is_list()) {
      return TemplateError(path, value.line, "a list should be here, not " + Describe(value));
    }
    for (const Node& item : value.items) {
      if (const auto read = ReadText(item, path, out.emplace_back()); !read) return read;
    }
    return {};
  }

  static Result<void> CheckSection(const Node& value, const std::string& path, std::size_t max) {
    if (!value.is_map()) {
      return TemplateError(path, value.line,
                           "a map of names should be here, not " + Describe(value));
    }
    if (value.members.size() > max) {
      return TemplateError(path, value.line, "at most " + std::to_string(max) + " are allowed");
    }
    for (const Member& member : value.members) {
      if (path == "/Mappings" || path == "/Conditions" || IsAlphanumeric(member.name)) continue;
      return TemplateError(
          path, member.line,
          "the name '" + member.name.substr(0, 80) + "' is not made of letters and digits alone");
    }
    return {};
  }

  Result<void> ReadParameters(const Node& section) {
    if (auto checked = CheckSection(section, "/Parameters", kMaxParameters); !checked) {
      return checked;
    }
    for (const Member& member : section.members) {
      const std::string path = "/Parameters/" + member.name;
      if (!member.value.is_map()) {
        return TemplateError(path, member.line, "a parameter is a map with a Type");
      }
      ParameterRule rule{.name = member.name, .line = member.line};
      for (const Member& attribute : member.value.members) {
        const auto read = ReadParameter(attribute, path + "/" + attribute.name, rule);
        if (!read) return read;
      }
      if (const auto checked = CheckType(rule, path); !checked) return checked;
      template_.parameters.push_back(std::move(rule));
    }
    return {};
  }

  static Result<void> ReadParameter(const Member& attribute, const std::string& path,
                                    ParameterRule& rule) {
    const Node& value = attribute.value;
    const std::string& name = attribute.name;
    if (name == "Type") return ReadText(value, path, rule.type);
    if (name == "Default") return ReadText(value, path, rule.default_value.emplace());
    if (name == "Description") return ReadText(value, path, rule.description);
    if (name == "ConstraintDescription") return ReadText(value, path, rule.constraint);
    if (name == "AllowedPattern") return ReadText(value, path, rule.allowed_pattern.emplace());
    if (name == "AllowedValues") return ReadTexts(value, path, rule.allowed_values.emplace());
    if (name == "NoEcho") return ReadBoolean(value, path, rule.no_echo);
    if (name == "MinLength") return ReadNumber(value, path, rule.min_length);
    if (name == "MaxLength") return ReadNumber(value, path, rule.max_length);
    if (name == "MinValue") return ReadNumber(value, path, rule.min_value);
    if (name == "MaxValue") return ReadNumber(value, path, rule.max_value);
    return TemplateError(path, attribute.line, "parameters have no attribute " + name);
  }

  static Result<void> CheckType(const ParameterRule& rule, const std::string& path) {
    const std::string& type = rule.type;
    if (type.empty()) return TemplateError(path, rule.line, "a parameter needs a Type");
    if (type.starts_with("AWS::SSM::")) {
      return TemplateError(
          path, rule.line,
          "the type " + type + " needs Systems Manager, which Usher does not have");
    }
    const bool is_aws = type.starts_with("AWS::") || type.starts_with("List<AWS::");
    if (type == "String" || type == "Number" || type == "CommaDelimitedList" ||
        type == "List<Number>" || type == "List<String>" || is_aws) {
      return {};
    }
    return TemplateError(path, rule.line,
                         "parameters have no type '" + type +
                             "': String, Number, List<Number>, "
                             "CommaDelimitedList and the types of AWS are known");
  }

  Result<void> ReadMappings(const Node& section) {
    if (auto checked = CheckSection(section, "/Mappings", kMaxMappings); !checked) return checked;
    for (const Member& member : section.members) {
      const std::string path = "/Mappings/" + member.name;
      bool well_formed = member.value.is_map();
      for (const Member& first : member.value.members) {
        well_formed = well_formed && first.value.is_map();
        for (const Member& second : first.value.members) {
          if (second.value.is_scalar() || second.value.is_list()) continue;
          return TemplateError(path + "/" + first.name + "/" + second.name, second.line,
                               "a mapping leads to a text or a list");
        }
      }
      if (!well_formed) {
        return TemplateError(path, member.line, "a mapping is a map of maps: first and second key");
      }
      template_.mappings.emplace(member.name, member.value);
    }
    return {};
  }

  Result<void> ReadConditions(const Node& section) {
    if (auto checked = CheckSection(section, "/Conditions", kMaxMappings); !checked) return checked;
    for (const Member& member : section.members) {
      const Member* function = FunctionOf(member.value);
      if (function == nullptr || !Contains(kConditionFunctions, function->name)) {
        return TemplateError("/Conditions/" + member.name, member.line,
                             "a condition is one of Fn::And, Fn::Equals, Fn::Not, Fn::Or and "
                             "Condition");
      }
      template_.conditions.emplace(member.name, member.value);
    }
    return {};
  }

  Result<void> ReadRules(const Node& section) {
    if (auto checked = CheckSection(section, "/Rules", kMaxMappings); !checked) return checked;
    for (const Member& member : section.members) {
      const std::string path = "/Rules/" + member.name;
      const Node* assertions = member.value.Find("Assertions");
      if (assertions == nullptr || !assertions->is_list() || assertions->items.empty()) {
        return TemplateError(path, member.line, "a rule is a map with a list of Assertions");
      }
      TemplateRule rule{.name = member.name, .line = member.line};
      for (const Member& part : member.value.members) {
        if (part.name == "RuleCondition") {
          rule.condition = part.value;
        } else if (part.name != "Assertions") {
          return TemplateError(path + "/" + part.name, part.line,
                               "a rule has RuleCondition and Assertions");
        }
      }
      for (const Node& assertion : assertions->items) {
        const Node* holds = assertion.Find("Assert");
        if (holds == nullptr) {
          return TemplateError(path + "/Assertions", assertion.line, "an assertion has an Assert");
        }
        const Node* description = assertion.Find("AssertDescription");
        rule.assertions.push_back(
            {.holds = *holds, .description = description == nullptr ? "" : description->text});
      }
      template_.rules.push_back(std::move(rule));
    }
    return {};
  }

  Result<void> ReadResources(const Node& section) {
    if (auto checked = CheckSection(section, "/Resources", kMaxResources); !checked) return checked;
    for (const Member& member : section.members) {
      const std::string path = "/Resources/" + member.name;
      if (!member.value.is_map()) {
        return TemplateError(path, member.line, "a resource is a map with a Type");
      }
      ResourceRule rule{.logical_id = member.name, .line = member.line};
      for (const Member& attribute : member.value.members) {
        const auto read = ReadResource(attribute, path + "/" + attribute.name, rule);
        if (!read) return read;
      }
      if (rule.type.empty()) {
        return InvalidInput("Template format error: [" + path + "] (line " +
                            std::to_string(member.line) +
                            "): Every Resources object must contain a Type member.");
      }
      template_.resources.push_back(std::move(rule));
    }
    return {};
  }

  static Result<void> ReadPolicy(const Node& value, const std::string& path, std::string& out) {
    if (const auto read = ReadText(value, path, out); !read) return read;
    if (out == "Delete" || out == "Retain" || out == "RetainExceptOnCreate") return {};
    return TemplateError(path, value.line,
                         "'" + out + "' is none of Delete, Retain and RetainExceptOnCreate" +
                             (out == "Snapshot" ? ": nothing in Usher makes snapshots" : ""));
  }

  static Result<void> ReadResource(const Member& attribute, const std::string& path,
                                   ResourceRule& rule) {
    const Node& value = attribute.value;
    const std::string& name = attribute.name;
    if (name == "Type") return ReadText(value, path, rule.type);
    if (name == "Condition") return ReadText(value, path, rule.condition);
    if (name == "DependsOn") return ReadTexts(value, path, rule.depends_on);
    if (name == "DeletionPolicy") return ReadPolicy(value, path, rule.deletion_policy);
    if (name == "UpdateReplacePolicy") return ReadPolicy(value, path, rule.update_replace_policy);
    if (name == "Metadata") {
      rule.metadata = ToJson(value);
      return {};
    }
    if (name == "Description") return {};
    if (name == "Properties") {
      if (value.kind == Node::Kind::kNull) return {};
      if (!value.is_map() || FunctionOf(value) != nullptr) {
        if (value.Find("Fn::Transform") != nullptr) {
          return TemplateError(path, value.line, "Fn::Transform is not supported by Usher");
        }
        return TemplateError(path, value.line, "properties are a map of names to values");
      }
      rule.properties = value;
      return {};
    }
    if (name == "CreationPolicy" || name == "UpdatePolicy") {
      return TemplateError(path, attribute.line, name + " is not supported by Usher");
    }
    return TemplateError(path, attribute.line, "resources have no attribute " + name);
  }

  Result<void> ReadOutputs(const Node& section) {
    if (auto checked = CheckSection(section, "/Outputs", kMaxOutputs); !checked) return checked;
    for (const Member& member : section.members) {
      const std::string path = "/Outputs/" + member.name;
      OutputRule rule{.name = member.name, .line = member.line};
      bool has_value = false;
      for (const Member& attribute : member.value.members) {
        const Node& value = attribute.value;
        const std::string at = path + "/" + attribute.name;
        if (attribute.name == "Value") {
          rule.value = value;
          has_value = true;
        } else if (attribute.name == "Description") {
          if (const auto read = ReadText(value, at, rule.description); !read) return read;
        } else if (attribute.name == "Condition") {
          if (const auto read = ReadText(value, at, rule.condition); !read) return read;
        } else if (attribute.name == "Export") {
          const Node* name = value.Find("Name");
          if (name == nullptr || value.members.size() != 1) {
            return TemplateError(at, attribute.line, "an export is a map with a Name");
          }
          rule.export_name = *name;
        } else {
          return TemplateError(at, attribute.line, "outputs have no attribute " + attribute.name);
        }
      }
      if (!has_value) return TemplateError(path, member.line, "an output needs a Value");
      template_.outputs.push_back(std::move(rule));
    }
    return {};
  }

  // ---- what names what ----

  Result<void> CheckNames() {
    for (const ParameterRule& parameter : template_.parameters) {
      if (template_.FindResource(parameter.name) == nullptr) continue;
      return TemplateError("/Parameters/" + parameter.name, parameter.line,
                           "a parameter and a resource have the same name");
    }
    for (const auto& [name, node] : template_.conditions) {
      if (const auto checked = CheckUse(node, "/Conditions/" + name, false); !checked) {
        return checked;
      }
    }
    if (const auto checked = CheckRuleNames(); !checked) return checked;
    for (const ResourceRule& resource : template_.resources) {
      const std::string path = "/Resources/" + resource.logical_id;
      if (const auto checked = CheckCondition(resource.condition, path, resource.line); !checked) {
        return checked;
      }
      for (const std::string& other : resource.depends_on) {
        if (template_.FindResource(other) == nullptr) return Unresolved(other, path, resource.line);
      }
      const auto checked = CheckUse(resource.properties, path + "/Properties", true);
      if (!checked) return checked;
    }
    for (const OutputRule& output : template_.outputs) {
      const std::string path = "/Outputs/" + output.name;
      if (auto checked = CheckCondition(output.condition, path, output.line); !checked) {
        return checked;
      }
      if (auto checked = CheckUse(output.value, path + "/Value", true); !checked) return checked;
      if (!output.export_name) continue;
      const auto checked = CheckUse(*output.export_name, path + "/Export/Name", true);
      if (!checked) return checked;
    }
    return {};
  }

  Result<void> CheckRuleNames() {
    in_rules_ = true;
    for (const TemplateRule& rule : template_.rules) {
      const std::string path = "/Rules/" + rule.name;
      std::vector<const Node*> nodes;
      if (rule.condition) nodes.push_back(&*rule.condition);
      for (const TemplateRule::Assertion& assertion : rule.assertions) {
        nodes.push_back(&assertion.holds);
      }
      for (const Node* node : nodes) {
        if (const auto checked = CheckUse(*node, path, false); !checked) return checked;
      }
    }
    in_rules_ = false;
    return {};
  }

  Result<void> CheckCondition(const std::string& name, const std::string& path, int line) {
    if (name.empty() || template_.conditions.contains(name)) return {};
    return TemplateError(path, line, "the condition '" + name + "' is not in Conditions");
  }

  static Error Unresolved(const std::string& name, const std::string& path, int line) {
    const std::string section = path.substr(1, path.find('/', 1) - 1);
    return InvalidInput("Template format error: Unresolved resource dependencies [" + name +
                        "] in the " + section + " block of the template, at " + path + " (line " +
                        std::to_string(line) + ")");
  }

  // Functions that exist, in their form, of names that exist. Conditions may not ask resources.
  Result<void> CheckUse(const Node& node, const std::string& path, bool resources_allowed) {
    const Member* function = FunctionOf(node);
    if (function != nullptr) {
      if (const auto checked = CheckFunction(*function, path, resources_allowed); !checked) {
        return checked;
      }
    }
    if (node.is_text() && node.text.find("{{resolve:") != std::string::npos) {
      return TemplateError(path, node.line,
                           node.text +
                               ": dynamic references need Systems Manager or Secrets "
                               "Manager, which Usher does not have");
    }
    for (const Member& member : node.members) {
      if (function == nullptr && member.name.starts_with("Fn::")) {
        return TemplateError(path, member.line,
                             member.name + " must be the only member of its map");
      }
      const auto checked = CheckUse(member.value, path + "/" + member.name, resources_allowed);
      if (!checked) return checked;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const auto checked =
          CheckUse(node.items[i], path + "/" + std::to_string(i), resources_allowed);
      if (!checked) return checked;
    }
    return {};
  }

  Result<void> CheckFunction(const Member& function, const std::string& path,
                             bool resources_allowed) {
    const Node& value = function.value;
    if (function.name == "Fn::Transform" || function.name.starts_with("Fn::ForEach")) {
      return TemplateError(path, function.line, function.name + " is not supported by Usher");
    }
    if (in_rules_ && Contains(kRuleFunctions, function.name)) return {};
    if (function.name == "Fn::RefAll" || function.name.starts_with("Fn::ValueOf")) {
      return TemplateError(path, function.line,
                           function.name +
                               " is not supported by Usher: it asks for resources of "
                               "AWS, which are not there");
    }
    if (Contains(kRuleFunctions, function.name)) {
      return TemplateError(path, function.line, function.name + " stands in Rules alone");
    }
    const bool decides = Contains(kConditionFunctions, function.name);
    if (!Contains(kValueFunctions, function.name) && !decides) {
      return TemplateError(path, function.line, "there is no function " + function.name);
    }
    if (decides && resources_allowed) {
      // {"Condition": {…}} is how policies speak; only a name means ours.
      if (function.name == "Condition") return {};
      return TemplateError(path, function.line, function.name + " stands in Conditions alone");
    }
    if (function.name == "Ref") return CheckRef(value, path, resources_allowed);
    if (function.name == "Fn::GetAtt") return CheckGetAtt(value, path, resources_allowed);
    if (function.name == "Fn::Sub") return CheckSub(value, path, resources_allowed);
    if (function.name == "Condition") return CheckCondition(value.text, path, value.line);
    if (function.name == "Fn::If") return CheckIf(value, path);
    if (function.name == "Fn::FindInMap") return CheckFindInMap(value, path);
    return {};
  }

  Result<void> CheckRef(const Node& value, const std::string& path, bool resources_allowed) {
    if (!value.is_text()) return TemplateError(path, value.line, "Ref takes a name");
    if (IsPseudoParameter(value.text) || template_.FindParameter(value.text) != nullptr) return {};
    if (resources_allowed && template_.FindResource(value.text) != nullptr) return {};
    return Unresolved(value.text, path, value.line);
  }

  Result<void> CheckGetAtt(const Node& value, const std::string& path, bool resources_allowed) {
    const bool in_parts = value.is_list() && value.items.size() == 2 && value.items[0].is_text();
    const bool in_one = value.is_text() && value.text.find('.') != std::string::npos;
    if (!in_parts && !in_one) {
      return TemplateError(path, value.line,
                           "Fn::GetAtt takes a resource and an attribute: A.B or [A, B]");
    }
    const std::string name =
        in_parts ? value.items[0].text : value.text.substr(0, value.text.find('.'));
    if (resources_allowed && template_.FindResource(name) != nullptr) return {};
    return Unresolved(name, path, value.line);
  }

  Result<void> CheckSub(const Node& value, const std::string& path, bool resources_allowed) {
    const bool with_names = value.is_list() && value.items.size() == 2 &&
                            value.items[0].is_scalar() && value.items[1].is_map();
    if (!value.is_scalar() && !with_names) {
      return TemplateError(path, value.line,
                           "Fn::Sub takes a text, or a list of a text and a map of names");
    }
    const Node& text = with_names ? value.items[0] : value;
    const auto parts = SplitSub(text.text);
    if (!parts) return TemplateError(path, value.line, parts.error().message);
    for (const SubPart& part : *parts) {
      if (!part.is_name || (with_names && value.items[1].Find(part.text) != nullptr)) continue;
      const std::size_t dot = part.text.find('.');
      const std::string name = part.text.substr(0, dot);
      const bool is_plain = dot == std::string::npos;
      if (is_plain && (IsPseudoParameter(name) || template_.FindParameter(name) != nullptr)) {
        continue;
      }
      if (resources_allowed && template_.FindResource(name) != nullptr) continue;
      return Unresolved(part.text, path, value.line);
    }
    return {};
  }

  Result<void> CheckIf(const Node& value, const std::string& path) {
    if (!value.is_list() || value.items.size() != 3 || !value.items[0].is_scalar()) {
      return TemplateError(path, value.line,
                           "Fn::If takes a condition, the value if it holds, and the other value");
    }
    return CheckCondition(value.items[0].text, path, value.line);
  }

  Result<void> CheckFindInMap(const Node& value, const std::string& path) {
    if (!value.is_list() || value.items.size() < 3 || value.items.size() > 4) {
      return TemplateError(path, value.line, "Fn::FindInMap takes a mapping and two keys");
    }
    const Node& name = value.items[0];
    if (!name.is_text() || template_.mappings.contains(name.text)) return {};
    return TemplateError(path, value.line, "there is no mapping '" + name.text + "'");
  }

  const Node& root_;
  bool in_rules_ = false;
  Template template_;
};

}  // namespace

Error TemplateError(std::string_view path, int line, const std::string& what) {
  return InvalidInput("Template error: " + std::string(path) + " (line " + std::to_string(line) +
                      "): " + what);
}

const ParameterRule* Template::FindParameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &ParameterRule::name);
  return found == parameters.end() ? nullptr : &*found;
}

const ResourceRule* Template::FindResource(std::string_view logical_id) const {
  const auto found = std::ranges::find(resources, logical_id, &ResourceRule::logical_id);
  return found == resources.end() ? nullptr : &*found;
}

Result<Template> ParseTemplate(const Node& root) { return Parser(root).Parse(); }

bool IsPseudoParameter(std::string_view name) { return Contains(kPseudoParameters, name); }

const Member* FunctionOf(const Node& node) {
  if (!node.is_map() || node.members.size() != 1) return nullptr;
  const Member& member = node.members.front();
  const bool is_function =
      member.name == "Ref" || member.name == "Condition" || member.name.starts_with("Fn::");
  return is_function ? &member : nullptr;
}

Result<std::vector<SubPart>> SplitSub(std::string_view text) {
  std::vector<SubPart> parts;
  std::string literal;
  while (!text.empty()) {
    const std::size_t begin = text.find("${");
    literal += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) return InvalidInput("Fn::Sub has a ${ that does not end");
    std::string_view name = text.substr(begin + 2, end - begin - 2);
    text.remove_prefix(end + 1);
    if (name.starts_with('!')) {
      literal += "${" + std::string(name.substr(1)) + "}";
      continue;
    }
    name = Trim(name);
    const bool is_name = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             c == ':' || c == '.' || c == '_' || c == '-';
    });
    if (!is_name) {
      return InvalidInput("Fn::Sub has a ${" + std::string(name) +
                          "} that can name nothing; write ${!…} for the characters themselves");
    }
    if (!literal.empty()) parts.push_back({false, std::move(literal)});
    literal.clear();
    parts.push_back({true, std::string(name)});
  }
  if (!literal.empty()) parts.push_back({false, std::move(literal)});
  return parts;
}

void ForEachReference(
    const Node& node,
    const std::function<void(const std::string&, const std::string&, int)>& visit) {
  const Member* function = FunctionOf(node);
  if (function != nullptr && function->name == "Ref" && function->value.is_text()) {
    visit(function->value.text, "", function->line);
    return;
  }
  if (function != nullptr && function->name == "Fn::GetAtt") {
    const Node& value = function->value;
    if (value.is_text()) {
      const std::size_t dot = value.text.find('.');
      visit(value.text.substr(0, dot), value.text.substr(dot + 1), value.line);
    } else if (value.items.size() == 2) {
      visit(value.items[0].text, value.items[1].text, value.line);
      ForEachReference(value.items[1], visit);
    }
    return;
  }
  if (function != nullptr && function->name == "Fn::Sub") {
    const Node& value = function->value;
    const bool with_names = value.is_list() && value.items.size() == 2;
    const auto parts = SplitSub(with_names ? value.items[0].text : value.text);
    if (parts) {
      for (const SubPart& part : *parts) {
        if (!part.is_name || (with_names && value.items[1].Find(part.text) != nullptr)) continue;
        const std::size_t dot = part.text.find('.');
        visit(part.text.substr(0, dot), dot == std::string::npos ? "" : part.text.substr(dot + 1),
              value.line);
      }
    }
    if (with_names) ForEachReference(value.items[1], visit);
    return;
  }
  for (const Node& item : node.items) ForEachReference(item, visit);
  for (const Member& member : node.members) ForEachReference(member.value, visit);
}

}  // namespace usher::cloudformation
