// Operations AttachRolePolicy, DetachRolePolicy, ListAttachedRolePolicies.
#include <functional>
#include <optional>

#include "services/iam/operations.h"

namespace usher::iam {
namespace {

constexpr std::size_t kMaxAttachedPolicies = 20;  // of one role

bool IsOfAws(const std::string& arn) {
  return arn.starts_with(kAwsPolicyPrefix) && !NameOf(arn).name.empty();
}

// Changes a role and, unless it is one of AWS's, the policy together. Errors: not found, of either;
// those of `change`.
Result<void> ModifyBoth(const std::string& role_name, const std::string& arn,
                        const RoleStore& roles, const PolicyStore& policies,
                        const std::function<Result<void>(StoredRole&, StoredPolicy*)>& change) {
  while (true) {
    std::optional<StoredPolicy> policy;
    if (!IsOfAws(arn)) {
      auto found = policies.Find(arn);
      if (!found) return found.error();
      policy = *std::move(found);
    }
    auto role = roles.Find(role_name);
    if (!role) return role.error();
    if (auto changed = change(*role, policy ? &*policy : nullptr); !changed) return changed;
    storage::Batch batch;
    RoleStore::AddUpdate(batch, *role);
    if (policy) PolicyStore::AddUpdate(batch, *policy);
    auto committed = roles.Commit(batch);
    if (committed || committed.error().code != ErrorCode::kInUse) return committed;
    // One of them changed since it was read: look again.
  }
}

// As the lists name it: a policy of one's own under the spelling that it was created with.
std::string NameFor(const StoredPolicy* policy, const std::string& arn) {
  return policy == nullptr ? arn : *policy->policy.arn;
}

}  // namespace

// Attaching again changes nothing. Errors: not found, of role or policy; limit exceeded.
Result<api::AttachRolePolicyResponse> AttachRolePolicy(const api::AttachRolePolicyRequest& request,
                                                       const RoleStore& roles,
                                                       const PolicyStore& policies) {
  const auto attach = [&](StoredRole& role, StoredPolicy* policy) -> Result<void> {
    role.attached_policies.insert(NameFor(policy, request.policy_arn));
    if (policy != nullptr) policy->roles.insert(role.role.role_name);
    if (role.attached_policies.size() > kMaxAttachedPolicies) {
      return Named(
          "LimitExceeded", ErrorCode::kLimitExceeded,
          "Cannot exceed quota for PoliciesPerRole: " + std::to_string(kMaxAttachedPolicies), 409);
    }
    return {};
  };
  const auto attached = ModifyBoth(request.role_name, request.policy_arn, roles, policies, attach);
  if (!attached) return attached.error();
  return api::AttachRolePolicyResponse{};
}

// Errors: not found, of role or policy.
Result<api::DetachRolePolicyResponse> DetachRolePolicy(const api::DetachRolePolicyRequest& request,
                                                       const RoleStore& roles,
                                                       const PolicyStore& policies) {
  const auto detach = [&](StoredRole& role, StoredPolicy* policy) -> Result<void> {
    if (role.attached_policies.erase(NameFor(policy, request.policy_arn)) == 0) {
      return NotFound("Policy " + request.policy_arn + " was not found.");
    }
    if (policy != nullptr) policy->roles.erase(role.role.role_name);
    return {};
  };
  const auto detached = ModifyBoth(request.role_name, request.policy_arn, roles, policies, detach);
  if (!detached) return detached.error();
  return api::DetachRolePolicyResponse{};
}

// Errors: not found, invalid marker.
Result<api::ListAttachedRolePoliciesResponse> ListAttachedRolePolicies(
    const api::ListAttachedRolePoliciesRequest& request, const RoleStore& roles) {
  const auto stored = roles.Find(request.role_name);
  if (!stored) return stored.error();
  std::vector<std::string> arns;
  for (const std::string& arn : stored->attached_policies) {
    if (NameOf(arn).path.starts_with(request.path_prefix.value_or("/"))) arns.push_back(arn);
  }
  auto page = PageOf(arns, request.marker, request.max_items);
  if (!page) return page.error();
  api::ListAttachedRolePoliciesResponse response{
      .attached_policies = {}, .is_truncated = page->marker.has_value(), .marker = page->marker};
  auto& policies = response.attached_policies.emplace();
  for (std::string& arn : page->names) {
    std::string name = NameOf(arn).name;
    policies.push_back({.policy_name = std::move(name), .policy_arn = std::move(arn)});
  }
  return response;
}

}  // namespace usher::iam
