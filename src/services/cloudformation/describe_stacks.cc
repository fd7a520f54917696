// Operations DescribeStacks, ListStacks, DescribeStackEvents. Errors: ValidationError for a stack
// that is not there, or was deleted and is asked for by its name.
#include <algorithm>

#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

constexpr char kHidden[] = "****";

template <typename T>
std::optional<T> Given(T value) {
  return value.empty() ? std::nullopt : std::optional<T>(std::move(value));
}

}  // namespace

std::vector<api::Parameter> ShownParameters(const Wanted& wanted) {
  std::vector<api::Parameter> shown;
  for (const auto& [key, value] : wanted.parameters) {
    const bool is_hidden = std::ranges::find(wanted.hidden, key) != wanted.hidden.end();
    shown.push_back({.parameter_key = key, .parameter_value = is_hidden ? kHidden : value});
  }
  return shown;
}

std::vector<api::Tag> ShownTags(const Wanted& wanted) {
  std::vector<api::Tag> shown;
  for (const auto& [key, value] : wanted.tags) shown.push_back({.key = key, .value = value});
  return shown;
}

namespace {

api::Stack Shown(const StackRecord& stack) {
  api::Stack shown{.stack_id = stack.id,
                   .stack_name = stack.name,
                   .change_set_id = Given(stack.change_set_id),
                   .description = Given(stack.now.description),
                   .parameters = ShownParameters(stack.now),
                   .creation_time = stack.created,
                   .deletion_time = stack.deleted,
                   .last_updated_time = stack.updated};
  shown.rollback_configuration.emplace();
  shown.stack_status = stack.status;
  shown.stack_status_reason = Given(stack.reason);
  shown.disable_rollback = stack.disable_rollback;
  shown.notification_arns = stack.now.notification_arns;
  if (stack.timeout_minutes > 0) shown.timeout_in_minutes = stack.timeout_minutes;
  shown.capabilities = stack.now.capabilities;
  shown.outputs.emplace();
  for (const Output& output : stack.outputs) {
    shown.outputs->push_back({.output_key = output.key,
                              .output_value = output.value,
                              .description = Given(output.description),
                              .export_name = Given(output.export_name)});
  }
  shown.role_arn = Given(stack.now.role_arn);
  shown.tags = ShownTags(stack.now);
  shown.enable_termination_protection = stack.termination_protection;
  shown.parent_id = Given(stack.parent_id);
  shown.root_id = Given(stack.root_id);
  shown.drift_information = api::StackDriftInformation{.stack_drift_status = "NOT_CHECKED"};
  return shown;
}

}  // namespace

Result<api::DescribeStacksOutput> DescribeStacks(const api::DescribeStacksInput& request,
                                                 Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  api::DescribeStacksOutput answer;
  answer.stacks.emplace();
  if (request.stack_name) {
    const auto stack = store.Find(context.region, *request.stack_name);
    if (!stack) return stack.error();
    answer.stacks->push_back(Shown(*stack));
    return answer;
  }
  auto all = store.List(context.region);
  if (!all) return all.error();
  std::erase_if(*all, [](const StackRecord& one) { return one.status == "DELETE_COMPLETE"; });
  std::ranges::reverse(*all);
  const auto page = TakePage(*std::move(all), request.next_token);
  if (!page) return page.error();
  for (const StackRecord& stack : page->items) answer.stacks->push_back(Shown(stack));
  answer.next_token = page->next;
  return answer;
}

Result<api::ListStacksOutput> ListStacks(const api::ListStacksInput& request, Service& service,
                                         wire::CallContext& context) {
  auto all = StackStore(service.documents).List(context.region);
  if (!all) return all.error();
  const auto& wanted = request.stack_status_filter;
  std::erase_if(*all, [&](const StackRecord& one) {
    return wanted && !wanted->empty() && std::ranges::find(*wanted, one.status) == wanted->end();
  });
  std::ranges::reverse(*all);
  const auto page = TakePage(*std::move(all), request.next_token);
  if (!page) return page.error();
  api::ListStacksOutput answer;
  answer.stack_summaries.emplace();
  for (const StackRecord& stack : page->items) {
    api::StackSummary shown{.stack_id = stack.id,
                            .stack_name = stack.name,
                            .template_description = Given(stack.now.description),
                            .creation_time = stack.created,
                            .last_updated_time = stack.updated,
                            .deletion_time = stack.deleted};
    shown.stack_status = stack.status;
    shown.stack_status_reason = Given(stack.reason);
    shown.parent_id = Given(stack.parent_id);
    shown.root_id = Given(stack.root_id);
    shown.drift_information =
        api::StackDriftInformationSummary{.stack_drift_status = "NOT_CHECKED"};
    answer.stack_summaries->push_back(std::move(shown));
  }
  answer.next_token = page->next;
  return answer;
}

// Newest first.
Result<api::DescribeStackEventsOutput> DescribeStackEvents(
    const api::DescribeStackEventsInput& request, Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  const auto stack = store.Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  auto all = store.Events(stack->id);
  if (!all) return all.error();
  std::ranges::reverse(*all);
  const auto page = TakePage(*std::move(all), request.next_token);
  if (!page) return page.error();
  api::DescribeStackEventsOutput answer;
  answer.stack_events.emplace();
  for (const EventRecord& event : page->items) {
    api::StackEvent shown{
        .stack_id = event.stack_id, .event_id = event.event_id, .stack_name = event.stack_name};
    shown.logical_resource_id = event.logical_id;
    shown.physical_resource_id = event.physical_id;
    shown.resource_type = event.type;
    shown.timestamp = event.time;
    shown.resource_status = event.status;
    shown.resource_status_reason = Given(event.reason);
    shown.resource_properties = Given(event.properties);
    shown.client_request_token = Given(event.client_token);
    answer.stack_events->push_back(std::move(shown));
  }
  answer.next_token = page->next;
  return answer;
}

}  // namespace usher::cloudformation
