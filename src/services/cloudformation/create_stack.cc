// Operation CreateStack. Errors: ValidationError (the template, with path and line; parameters),
// AlreadyExistsException, InsufficientCapabilitiesException.
#include "json/json.h"
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

Result<void> CheckRequest(const api::CreateStackInput& request) {
  if (request.on_failure && request.disable_rollback) {
    return InvalidInput("Either DisableRollback or OnFailure can be specified, not both");
  }
  if (request.stack_policy_url) {
    return InvalidInput(
        "StackPolicyURL is not supported by Usher: give the policy as "
        "StackPolicyBody");
  }
  if (request.stack_policy_body && !json::Parse(*request.stack_policy_body)) {
    return InvalidInput("StackPolicyBody is not JSON");
  }
  if (request.rollback_configuration && request.rollback_configuration->rollback_triggers &&
      !request.rollback_configuration->rollback_triggers->empty()) {
    return InvalidInput("rollback triggers are not supported by Usher");
  }
  return {};
}

}  // namespace

Result<api::CreateStackOutput> CreateStack(const api::CreateStackInput& request, Service& service,
                                           wire::CallContext& context) {
  if (auto checked = CheckRequest(request); !checked) return checked.error();
  auto stack = NewStack(request.stack_name, service, context);
  if (!stack) return stack.error();
  const StackStore store(service.documents);
  const Error exists = Named("AlreadyExistsException", ErrorCode::kAlreadyExists,
                             "Stack [" + stack->name + "] already exists", 400);
  const auto there = store.Find(context.region, stack->name);
  if (there) {
    const bool is_same_call =
        request.client_request_token && there->client_token == *request.client_request_token;
    if (!is_same_call) return exists;
    return api::CreateStackOutput{.stack_id = there->id};
  }
  auto text = TemplateText(request.template_body, request.template_url, service, context);
  if (!text) return text.error();
  auto prepared = Prepare(RequestOf(request, *text), *stack, nullptr);
  if (!prepared) return prepared.error();

  if (request.on_failure) stack->on_failure = *request.on_failure;
  stack->disable_rollback = request.disable_rollback.value_or(false);
  stack->timeout_minutes = request.timeout_in_minutes.value_or(0);
  stack->termination_protection = request.enable_termination_protection.value_or(false);
  stack->policy = request.stack_policy_body.value_or("");
  storage::Batch batch;
  AddTemplate(batch, *stack, *std::move(prepared), *std::move(text));
  Begin(batch, *stack, "CREATE_IN_PROGRESS", request.client_request_token.value_or(""), service);
  StackStore::Create(batch, *stack);
  const auto committed = store.Commit(batch);
  if (!committed && committed.error().code == ErrorCode::kAlreadyExists) return exists;
  if (!committed) return committed.error();
  service.queue.Wake();
  return api::CreateStackOutput{.stack_id = stack->id};
}

}  // namespace usher::cloudformation
