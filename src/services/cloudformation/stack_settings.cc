// Operations SetStackPolicy, GetStackPolicy, UpdateTerminationProtection. Errors: ValidationError.
#include "json/json.h"
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

constexpr std::size_t kMaxPolicyBytes = 16'384;
constexpr int kAttempts = 5;

// Also while an operation is under way, which changes the document as well.
Result<StackRecord> Modify(const std::string& name, const Service& service,
                           const wire::CallContext& context,
                           const std::function<void(StackRecord&)>& change) {
  const StackStore store(service.documents);
  for (int attempt = 1;; ++attempt) {
    auto stack = store.Find(context.region, name);
    if (!stack) return stack;
    change(*stack);
    storage::Batch batch;
    StackStore::Update(batch, *stack);
    const auto committed = store.Commit(batch);
    if (committed) return stack;
    if (committed.error().code != ErrorCode::kInUse || attempt == kAttempts) {
      return committed.error();
    }
  }
}

}  // namespace

// Kept and given back; it restricts nobody (docs/security.md).
Result<api::SetStackPolicy::Response> SetStackPolicy(const api::SetStackPolicyInput& request,
                                                     Service& service, wire::CallContext& context) {
  if (request.stack_policy_url || !request.stack_policy_body) {
    return InvalidInput(
        "give the policy as StackPolicyBody: StackPolicyURL is not supported by "
        "Usher");
  }
  const auto parsed = json::Parse(*request.stack_policy_body);
  if (request.stack_policy_body->size() > kMaxPolicyBytes || !parsed || !parsed->as_map()) {
    return InvalidInput("StackPolicyBody is a JSON object of at most 16384 bytes");
  }
  const auto done = Modify(request.stack_name, service, context,
                           [&](StackRecord& stack) { stack.policy = *request.stack_policy_body; });
  if (!done) return done.error();
  return api::SetStackPolicy::Response{};
}

Result<api::GetStackPolicyOutput> GetStackPolicy(const api::GetStackPolicyInput& request,
                                                 Service& service, wire::CallContext& context) {
  const auto stack = StackStore(service.documents).Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  api::GetStackPolicyOutput answer;
  if (!stack->policy.empty()) answer.stack_policy_body = stack->policy;
  return answer;
}

Result<api::UpdateTerminationProtectionOutput> UpdateTerminationProtection(
    const api::UpdateTerminationProtectionInput& request, Service& service,
    wire::CallContext& context) {
  const auto done = Modify(request.stack_name, service, context, [&](StackRecord& stack) {
    stack.termination_protection = request.enable_termination_protection;
  });
  if (!done) return done.error();
  return api::UpdateTerminationProtectionOutput{.stack_id = done->id};
}

}  // namespace usher::cloudformation
