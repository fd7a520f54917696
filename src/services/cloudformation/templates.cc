// Operations GetTemplate, GetTemplateSummary, ValidateTemplate. Errors: ValidationError with path
// and line of what is wrong in a template.
#include <set>

#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

template <typename T>
std::optional<T> Given(T value) {
  return value.empty() ? std::nullopt : std::optional<T>(std::move(value));
}

template <typename Answer>
void FillCapability(Answer& answer, const Template& read) {
  const Capability capability = CapabilityOf(read);
  answer.capabilities.emplace();
  if (capability.name.empty()) return;
  answer.capabilities->push_back(capability.name);
  answer.capabilities_reason = capability.reason;
}

// Circles that are there whatever the conditions are.
Result<void> CheckCircles(const Template& read) {
  Order order;
  for (const ResourceRule& rule : read.resources) {
    std::set<std::string>& waits_for = order[rule.logical_id];
    waits_for.insert(rule.depends_on.begin(), rule.depends_on.end());
    const std::function<void(const Node&)> visit = [&](const Node& node) {
      const Member* function = FunctionOf(node);
      if (function != nullptr && function->name == "Fn::If") return;
      if (function != nullptr) {
        ForEachReference(node, [&](const std::string& name, const std::string&, int) {
          waits_for.insert(name);
        });
        return;
      }
      for (const Node& item : node.items) visit(item);
      for (const Member& member : node.members) visit(member.value);
    };
    visit(rule.properties);
  }
  const auto circle = FindCircle(order);
  if (circle.empty()) return {};
  std::string names;
  for (const std::string& name : circle) names += (names.empty() ? "" : ", ") + name;
  return InvalidInput("Circular dependency between resources: [" + names + "]");
}

}  // namespace

Result<api::GetTemplateOutput> GetTemplate(const api::GetTemplateInput& request, Service& service,
                                           wire::CallContext& context) {
  const StackStore store(service.documents);
  api::GetTemplateOutput answer{.stages_available =
                                    std::vector<std::string>{"Original", "Processed"}};
  if (request.change_set_name) {
    const auto set = FindChangeSetBy(*request.change_set_name, request.stack_name, store, context);
    if (!set) return set.error();
    answer.template_body = set->template_text;
    return answer;
  }
  if (!request.stack_name) return InvalidInput("StackName or ChangeSetName must be specified");
  const auto stack = store.Find(context.region, *request.stack_name);
  if (!stack) return stack.error();
  if (stack->now.template_number == 0) return answer;  // a change set is to bring the first one
  auto text = store.Template(stack->id, stack->now.template_number);
  if (!text) return text.error();
  answer.template_body = *std::move(text);
  return answer;
}

Result<api::GetTemplateSummaryOutput> GetTemplateSummary(
    const api::GetTemplateSummaryInput& request, Service& service, wire::CallContext& context) {
  if (request.stack_set_name) return InvalidInput("stack sets are not supported by Usher");
  const StackStore store(service.documents);
  Result<std::string> text = std::string();
  if (request.stack_name) {
    const auto stack = store.Find(context.region, *request.stack_name);
    if (!stack) return stack.error();
    text = store.Template(stack->id, stack->now.template_number);
  } else {
    text = TemplateText(request.template_body, request.template_url, service, context);
  }
  if (!text) return text.error();
  const auto read = ReadAndCheck(*text);
  if (!read) return read.error();
  api::GetTemplateSummaryOutput answer;
  answer.parameters.emplace();
  for (const ParameterRule& rule : read->parameters) {
    api::ParameterDeclaration shown{.parameter_key = rule.name,
                                    .default_value = rule.default_value,
                                    .parameter_type = rule.type,
                                    .no_echo = rule.no_echo,
                                    .description = Given(rule.description)};
    shown.parameter_constraints = api::ParameterConstraints{.allowed_values = rule.allowed_values};
    answer.parameters->push_back(std::move(shown));
  }
  answer.description = Given(read->description);
  answer.version = Given(read->version);
  answer.metadata = Given(read->metadata);
  FillCapability(answer, *read);
  std::set<std::string> types;
  for (const ResourceRule& rule : read->resources) types.insert(rule.type);
  answer.resource_types.emplace(types.begin(), types.end());
  return answer;
}

Result<api::ValidateTemplateOutput> ValidateTemplate(const api::ValidateTemplateInput& request,
                                                     Service& service, wire::CallContext& context) {
  const auto text = TemplateText(request.template_body, request.template_url, service, context);
  if (!text) return text.error();
  const auto read = ReadAndCheck(*text);
  if (!read) return read.error();
  if (auto checked = CheckCircles(*read); !checked) return checked.error();
  api::ValidateTemplateOutput answer;
  answer.parameters.emplace();
  for (const ParameterRule& rule : read->parameters) {
    answer.parameters->push_back({.parameter_key = rule.name,
                                  .default_value = rule.default_value,
                                  .no_echo = rule.no_echo,
                                  .description = Given(rule.description)});
  }
  answer.description = Given(read->description);
  FillCapability(answer, *read);
  return answer;
}

}  // namespace usher::cloudformation
