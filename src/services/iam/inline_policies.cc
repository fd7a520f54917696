// Operations PutRolePolicy, GetRolePolicy, ListRolePolicies, DeleteRolePolicy.
#include "base/encoding.h"
#include "services/iam/operations.h"
#include "services/iam/policy_document.h"

namespace usher::iam {
namespace {

// Of a role's inline policies together, without white space, as IAM counts.
constexpr std::size_t kMaxInlineCharacters = 10240;

Error NoSuchPolicy(const std::string& name) {
  return NotFound("The role policy with name " + name + " cannot be found.");
}

}  // namespace

// Errors: not found, malformed policy document, limit exceeded.
Result<api::PutRolePolicyResponse> PutRolePolicy(const api::PutRolePolicyRequest& request,
                                                 const RoleStore& roles) {
  const auto policy = CheckPolicyDocument(request.policy_document, PolicyUse::kIdentity);
  if (!policy) return policy.error();
  const auto put = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    stored.inline_policies[request.policy_name] = request.policy_document;
    std::size_t characters = 0;
    for (const auto& [name, document] : stored.inline_policies) {
      characters += CountCharacters(document);
    }
    if (characters > kMaxInlineCharacters) {
      return Named("LimitExceeded", ErrorCode::kLimitExceeded,
                   "Maximum policy size of " + std::to_string(kMaxInlineCharacters) +
                       " bytes exceeded for role " + request.role_name,
                   409);
    }
    return {};
  });
  if (!put) return put.error();
  return api::PutRolePolicyResponse{};
}

// Errors: not found, of role or policy.
Result<api::GetRolePolicyResponse> GetRolePolicy(const api::GetRolePolicyRequest& request,
                                                 const RoleStore& roles) {
  const auto stored = roles.Find(request.role_name);
  if (!stored) return stored.error();
  const auto policy = stored->inline_policies.find(request.policy_name);
  if (policy == stored->inline_policies.end()) return NoSuchPolicy(request.policy_name);
  return api::GetRolePolicyResponse{.role_name = stored->role.role_name,
                                    .policy_name = policy->first,
                                    .policy_document = PercentEncode(policy->second)};
}

// Errors: not found, invalid marker.
Result<api::ListRolePoliciesResponse> ListRolePolicies(const api::ListRolePoliciesRequest& request,
                                                       const RoleStore& roles) {
  const auto stored = roles.Find(request.role_name);
  if (!stored) return stored.error();
  std::vector<std::string> names;
  for (const auto& [name, document] : stored->inline_policies) names.push_back(name);
  auto page = PageOf(names, request.marker, request.max_items);
  if (!page) return page.error();
  return api::ListRolePoliciesResponse{.policy_names = std::move(page->names),
                                       .is_truncated = page->marker.has_value(),
                                       .marker = page->marker};
}

// Errors: not found, of role or policy.
Result<api::DeleteRolePolicyResponse> DeleteRolePolicy(const api::DeleteRolePolicyRequest& request,
                                                       const RoleStore& roles) {
  const auto deleted = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    if (stored.inline_policies.erase(request.policy_name) == 0) {
      return NoSuchPolicy(request.policy_name);
    }
    return {};
  });
  if (!deleted) return deleted.error();
  return api::DeleteRolePolicyResponse{};
}

}  // namespace usher::iam
