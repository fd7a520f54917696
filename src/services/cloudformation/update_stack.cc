// Operations UpdateStack, ContinueUpdateRollback. Errors: ValidationError ("No updates are to be
// performed.", a state that allows none), InsufficientCapabilitiesException.
#include "json/json.h"
#include "services/cloudformation/changes.h"
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

Result<void> CheckTypes(const Plan& before, const Plan& after) {
  for (const ResourceRule& rule : after.read.resources) {
    const ResourceRule* old = before.read.FindResource(rule.logical_id);
    if (old == nullptr || old->type == rule.type) continue;
    return InvalidInput(
        "Update of resource type is not permitted. The new template modifies "
        "resource type of the following resources: [" +
        rule.logical_id + "]");
  }
  return {};
}

}  // namespace

Result<void> CheckChanges(const StackRecord& stack, const Prepared& prepared,
                          const StackStore& store) {
  if (stack.status.ends_with("FAILED")) return {};  // to be tried again, whatever has changed
  const auto plan = PlanOf(stack, store);
  if (!plan) return plan.error();
  if (auto checked = CheckTypes(*plan, prepared.plan); !checked) return checked;
  const auto resources = store.Resources(stack.id);
  if (!resources) return resources.error();
  const auto changes =
      ChangesBetween(&*plan, &stack.now, prepared.plan, prepared.wanted, *resources);
  if (!changes) return changes.error();
  if (changes->none()) return InvalidInput("No updates are to be performed.");
  return {};
}

Result<api::UpdateStackOutput> UpdateStack(const api::UpdateStackInput& request, Service& service,
                                           wire::CallContext& context) {
  if (request.stack_policy_url || request.stack_policy_during_update_url) {
    return InvalidInput("policies by URL are not supported by Usher: give StackPolicyBody");
  }
  if (request.stack_policy_body && !json::Parse(*request.stack_policy_body)) {
    return InvalidInput("StackPolicyBody is not JSON");
  }
  const StackStore store(service.documents);
  auto stack = store.Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  if (auto checked = CheckUpdatable(*stack); !checked) return checked.error();
  const bool use_previous = request.use_previous_template.value_or(false);
  if (use_previous && (request.template_body || request.template_url)) {
    return InvalidInput("UsePreviousTemplate cannot be given together with a template");
  }
  auto text = use_previous
                  ? store.Template(stack->id, stack->now.template_number)
                  : TemplateText(request.template_body, request.template_url, service, context);
  if (!text) return text.error();
  auto prepared = Prepare(RequestOf(request, *text), *stack, &stack->now);
  if (!prepared) return prepared.error();
  if (auto checked = CheckChanges(*stack, *prepared, store); !checked) return checked.error();

  stack->disable_rollback = request.disable_rollback.value_or(false);
  if (request.stack_policy_body) stack->policy = *request.stack_policy_body;
  storage::Batch batch;
  BeginUpdate(batch, *stack, *std::move(prepared), *std::move(text),
              request.client_request_token.value_or(""), service);
  if (const auto committed = store.Commit(batch); !committed) {
    if (committed.error().code != ErrorCode::kInUse) return committed.error();
    return InvalidInput("Stack:" + stack->id + " has changed at the same time; try again");
  }
  service.queue.Wake();
  return api::UpdateStackOutput{.stack_id = stack->id};
}

void BeginUpdate(storage::Batch& batch, StackRecord& stack, Prepared prepared, std::string text,
                 const std::string& client_token, Service& service) {
  stack.before = stack.now;
  stack.updated = service.clock.Now();
  AddTemplate(batch, stack, std::move(prepared), std::move(text));
  Begin(batch, stack, "UPDATE_IN_PROGRESS", client_token, service);
  StackStore::Update(batch, stack);
}

Result<api::ContinueUpdateRollbackOutput> ContinueUpdateRollback(
    const api::ContinueUpdateRollbackInput& request, Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  auto stack = store.Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  if (stack->status != "UPDATE_ROLLBACK_FAILED") {
    return InvalidInput("Stack:" + stack->id + " is in " + stack->status +
                        " state and its rollback can not be continued.");
  }
  if (request.resources_to_skip && !request.resources_to_skip->empty()) {
    return InvalidInput("ResourcesToSkip is not supported by Usher");
  }
  storage::Batch batch;
  const std::string operation = stack->operation_id;
  Begin(batch, *stack, "UPDATE_ROLLBACK_IN_PROGRESS", request.client_request_token.value_or(""),
        service);
  stack->operation_id = operation;  // it is the same update that is rolled back
  StackStore::Update(batch, *stack);
  if (const auto committed = store.Commit(batch); !committed) return committed.error();
  service.queue.Wake();
  return api::ContinueUpdateRollbackOutput{};
}

}  // namespace usher::cloudformation
