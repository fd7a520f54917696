// Operations DescribeStackResource, DescribeStackResources, ListStackResources. Errors:
// ValidationError.
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

constexpr std::size_t kMaxResourcesShown = 100;  // of DescribeStackResources, as on AWS

template <typename T>
std::optional<T> Given(T value) {
  return value.empty() ? std::nullopt : std::optional<T>(std::move(value));
}

// The members that the three answers name alike.
template <typename Shown>
void Fill(Shown& shown, const ResourceRecord& record) {
  shown.logical_resource_id = record.logical_id;
  shown.physical_resource_id = Given(record.now.physical_id);
  shown.resource_type = record.now.type;
  shown.resource_status = record.status;
  shown.resource_status_reason = Given(record.reason);
  shown.drift_information.emplace();
  shown.drift_information->stack_resource_drift_status = "NOT_CHECKED";
}

api::StackResource ShownIn(const StackRecord& stack, const ResourceRecord& record) {
  api::StackResource shown;
  Fill(shown, record);
  shown.stack_name = stack.name;
  shown.stack_id = stack.id;
  shown.timestamp = record.changed;
  return shown;
}

}  // namespace

Result<api::DescribeStackResourceOutput> DescribeStackResource(
    const api::DescribeStackResourceInput& request, Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  const auto stack = store.Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  const auto resources = store.Resources(stack->id);
  if (!resources) return resources.error();
  const auto found = resources->find(request.logical_resource_id);
  if (found == resources->end()) {
    return Named(
        "ValidationError", ErrorCode::kNotFound,
        "Resource " + request.logical_resource_id + " does not exist for stack " + stack->name,
        400);
  }
  api::StackResourceDetail shown;
  Fill(shown, found->second);
  shown.stack_name = stack->name;
  shown.stack_id = stack->id;
  shown.last_updated_timestamp = found->second.changed;
  shown.metadata = found->second.metadata.empty() ? "{}" : found->second.metadata;
  return api::DescribeStackResourceOutput{.stack_resource_detail = std::move(shown)};
}

Result<api::DescribeStackResourcesOutput> DescribeStackResources(
    const api::DescribeStackResourcesInput& request, Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  if (request.stack_name.has_value() == request.physical_resource_id.has_value()) {
    return InvalidInput("Either StackName or PhysicalResourceId must be specified, not both");
  }
  std::vector<StackRecord> stacks;
  if (request.stack_name) {
    auto stack = store.Find(context.region, *request.stack_name);
    if (!stack) return stack.error();
    stacks.push_back(*std::move(stack));
  } else {
    auto all = store.List(context.region);
    if (!all) return all.error();
    stacks = *std::move(all);
  }
  api::DescribeStackResourcesOutput answer;
  answer.stack_resources.emplace();
  for (const StackRecord& stack : stacks) {
    const auto resources = store.Resources(stack.id);
    if (!resources) return resources.error();
    bool is_it = request.stack_name.has_value();
    for (const auto& [id, record] : *resources) {
      is_it = is_it || (request.physical_resource_id == record.now.physical_id &&
                        !record.status.starts_with("DELETE"));
    }
    if (!is_it) continue;
    for (const auto& [id, record] : *resources) {
      if (request.logical_resource_id && *request.logical_resource_id != id) continue;
      if (answer.stack_resources->size() == kMaxResourcesShown) return answer;
      answer.stack_resources->push_back(ShownIn(stack, record));
    }
    return answer;
  }
  return Named("ValidationError", ErrorCode::kNotFound,
               "Stack for " + *request.physical_resource_id + " does not exist", 400);
}

Result<api::ListStackResourcesOutput> ListStackResources(
    const api::ListStackResourcesInput& request, Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  const auto stack = store.Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  const auto resources = store.Resources(stack->id);
  if (!resources) return resources.error();
  std::vector<api::StackResourceSummary> all;
  for (const auto& [id, record] : *resources) {
    api::StackResourceSummary shown;
    Fill(shown, record);
    shown.last_updated_timestamp = record.changed;
    all.push_back(std::move(shown));
  }
  auto page = TakePage(std::move(all), request.next_token);
  if (!page) return page.error();
  return api::ListStackResourcesOutput{.stack_resource_summaries = std::move(page->items),
                                       .next_token = page->next};
}

}  // namespace usher::cloudformation
