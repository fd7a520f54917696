#include "services/cloudformation/plan.h"

#include <algorithm>

#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

// Nested stacks give their outputs, whatever those are called.
bool GivesAttribute(const ResourceType& type, const std::string& attribute) {
  return type.HasAttribute(attribute) ||
         (type.name == "AWS::CloudFormation::Stack" && attribute.starts_with("Outputs."));
}

Result<void> CheckAttributes(const Template& read, const Node& node, const std::string& path) {
  Result<void> checked;
  ForEachReference(node, [&](const std::string& name, const std::string& attribute, int line) {
    const ResourceRule* resource = read.FindResource(name);
    if (!checked || attribute.empty() || resource == nullptr) return;
    const ResourceType* type = FindResourceType(resource->type);
    if (type == nullptr || GivesAttribute(*type, attribute)) return;
    std::string known;
    for (const auto& [one, pattern] : type->attributes) known += (known.empty() ? "" : ", ") + one;
    checked = TemplateError(path, line,
                            "Fn::GetAtt: " + resource->type + " has no attribute " + attribute +
                                (known.empty() ? "" : "; it has " + known));
  });
  return checked;
}

Result<void> CheckResource(const Template& read, const ResourceRule& rule) {
  const std::string path = "/Resources/" + rule.logical_id;
  const ResourceType* type = FindResourceType(rule.type);
  if (type == nullptr) {
    return InvalidInput("Template format error: Unrecognized resource types: [" + rule.type +
                        "] at " + path + "/Type (line " + std::to_string(rule.line) + ")");
  }
  if (const auto missing = MissingOperations(*type); !missing.empty()) {
    return TemplateError(path + "/Type", rule.line,
                         rule.type + " needs the operation " + missing.front() +
                             ", which is not supported by Usher");
  }
  const std::string properties = path + "/Properties";
  Node node = rule.properties;
  if (node.line == 0) node.line = rule.line;
  const auto converted = ConvertProperties(type->properties, node, properties, true);
  if (!converted) return converted.error();
  return CheckAttributes(read, rule.properties, properties);
}

// Names of what the node refers to, resources alone.
std::set<std::string> ResourcesIn(const Template& read, const Node& node) {
  std::set<std::string> names;
  ForEachReference(node, [&](const std::string& name, const std::string&, int) {
    if (read.FindResource(name) != nullptr) names.insert(name);
  });
  return names;
}

Result<void> CollectImports(const Node& node, const Scope& scope, const std::string& path,
                            std::set<std::string>& imports) {
  const Member* function = FunctionOf(node);
  if (function != nullptr && function->name == "Fn::ImportValue") {
    const auto name = Evaluate(function->value, scope, path);
    if (!name) return name.error();
    if (!name->is_scalar()) {
      return TemplateError(path, node.line, "the name in Fn::ImportValue should be a text");
    }
    imports.insert(name->text);
    return {};
  }
  for (const Node& item : node.items) {
    if (auto done = CollectImports(item, scope, path, imports); !done) return done;
  }
  for (const Member& member : node.members) {
    if (auto done = CollectImports(member.value, scope, path, imports); !done) return done;
  }
  return {};
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool Holds(const Scope& scope, const std::string& condition) {
  return condition.empty() || scope.conditions.at(condition);
}

}  // namespace

Result<Template> ReadAndCheck(std::string_view text) {
  const auto root = ReadTemplate(text);
  if (!root) return root.error();
  auto read = ParseTemplate(*root);
  if (!read) return read;
  for (const ResourceRule& rule : read->resources) {
    if (const auto checked = CheckResource(*read, rule); !checked) return checked.error();
  }
  for (const OutputRule& output : read->outputs) {
    const auto checked = CheckAttributes(*read, output.value, "/Outputs/" + output.name);
    if (!checked) return checked.error();
  }
  return read;
}

Result<Plan> MakePlan(Template read, const std::map<std::string, std::string>& parameters,
                      const PseudoParameters& pseudo) {
  auto scope = MakeScope(read, parameters, pseudo);
  if (!scope) return scope.error();
  if (const auto held = CheckRules(read, *scope); !held) return held.error();
  Plan plan{.read = std::move(read), .scope = *std::move(scope)};
  for (const ResourceRule& rule : plan.read.resources) {
    if (!Holds(plan.scope, rule.condition)) continue;
    Node chosen = ChooseBranches(rule.properties, plan.scope);
    std::set<std::string>& waits_for = plan.order[rule.logical_id];
    waits_for = ResourcesIn(plan.read, chosen);
    waits_for.insert(rule.depends_on.begin(), rule.depends_on.end());
    const std::string path = "/Resources/" + rule.logical_id + "/Properties";
    const auto collected = CollectImports(chosen, plan.scope, path, plan.imports);
    if (!collected) return collected.error();
    plan.properties.emplace(rule.logical_id, std::move(chosen));
  }
  for (auto& [name, waits_for] : plan.order) {
    std::erase_if(waits_for, [&](const std::string& other) { return !plan.order.contains(other); });
  }
  for (const OutputRule& output : plan.read.outputs) {
    if (!Holds(plan.scope, output.condition)) continue;
    const auto collected = CollectImports(ChooseBranches(output.value, plan.scope), plan.scope,
                                          "/Outputs/" + output.name, plan.imports);
    if (!collected) return collected.error();
  }
  const auto circle = FindCircle(plan.order);
  if (!circle.empty()) {
    return InvalidInput("Circular dependency between resources: [" + Joined(circle) + "]");
  }
  return plan;
}

PseudoParameters PseudoOf(const StackRecord& stack, const Wanted& wanted) {
  return {.account_id = std::string(wire::kAccountId),
          .region = stack.region,
          .stack_name = stack.name,
          .stack_id = stack.id,
          .notification_arns = wanted.notification_arns};
}

Capability CapabilityOf(const Template& read) {
  Capability capability;
  std::vector<std::string> types;
  for (const ResourceRule& rule : read.resources) {
    const ResourceType* type = FindResourceType(rule.type);
    if (type == nullptr || !type->is_iam) continue;
    if (std::ranges::find(types, rule.type) == types.end()) types.push_back(rule.type);
    const bool is_named =
        !type->name_property.empty() && rule.properties.Find(type->name_property) != nullptr;
    if (is_named || capability.name.empty()) {
      capability.name = is_named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM";
    }
  }
  if (!types.empty()) {
    capability.reason = "The following resource(s) require capabilities: [" + Joined(types) + "]";
  }
  return capability;
}

Result<void> CheckCapability(const Template& read, const std::vector<std::string>& given) {
  const Capability wanted = CapabilityOf(read);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(given, name) != given.end();
  };
  if (wanted.name.empty() || has("CAPABILITY_NAMED_IAM") || has(wanted.name)) return {};
  return Named("InsufficientCapabilitiesException", ErrorCode::kInvalidInput,
               "Requires capabilities : [" + wanted.name + "]", 400);
}

}  // namespace usher::cloudformation
