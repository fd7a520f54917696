// Operation DeleteStack. A stack that is not there is no error. Errors: ValidationError
// (termination protection, an export in use, RetainResources of a stack whose deletion has not
// failed).
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

// The exports go at once, so that nobody can begin to import them while the stack is deleted.
Result<void> GiveUpExports(const StackRecord& stack, const StackStore& store,
                           storage::Batch& batch) {
  for (const Output& output : stack.outputs) {
    if (output.export_name.empty()) continue;
    const auto imports = store.Imports(stack.region, output.export_name);
    if (!imports) return imports.error();
    if (!imports->empty()) {
      return InvalidInput("Export " + output.export_name +
                          " cannot be deleted as it is in use by " + imports->front().stack_name);
    }
    StackStore::DeleteExport(batch, stack.region, output.export_name);
  }
  return {};
}

}  // namespace

Result<api::DeleteStack::Response> DeleteStack(const api::DeleteStackInput& request,
                                               Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  auto stack = store.Find(context.region, request.stack_name);
  if (!stack && stack.error().code == ErrorCode::kNotFound) return api::DeleteStack::Response{};
  if (!stack) return stack.error();
  if (stack->status == "DELETE_COMPLETE" || stack->status == "DELETE_IN_PROGRESS") {
    return api::DeleteStack::Response{};
  }
  if (stack->termination_protection) {
    return InvalidInput("Stack [" + stack->name +
                        "] cannot be deleted while TerminationProtection is enabled");
  }
  if (stack->status.starts_with("UPDATE") && stack->is_busy()) {
    return InvalidInput("Stack [" + stack->id + "] cannot be deleted while in status " +
                        stack->status);
  }
  stack->retained = request.retain_resources.value_or(std::vector<std::string>());
  if (!stack->retained.empty() && stack->status != "DELETE_FAILED") {
    return InvalidInput("Invalid operation on stack [" + stack->id +
                        "]. When you delete a stack, specify which resources to retain only when "
                        "the stack is in the DELETE_FAILED state.");
  }
  storage::Batch batch;
  if (auto given = GiveUpExports(*stack, store, batch); !given) return given.error();
  Begin(batch, *stack, "DELETE_IN_PROGRESS", request.client_request_token.value_or(""), service);
  StackStore::Update(batch, *stack);
  if (const auto committed = store.Commit(batch); !committed) {
    if (committed.error().code != ErrorCode::kInUse) return committed.error();
    return InvalidInput("Stack [" + stack->id + "] has changed at the same time; try again");
  }
  service.queue.Wake();
  return api::DeleteStack::Response{};
}

}  // namespace usher::cloudformation
