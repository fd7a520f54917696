// Operations AttachRolePolicy, DetachRolePolicy, ListAttachedRolePolicies.
#include "services/iam/operations.h"

namespace usher::iam {
namespace {

constexpr std::size_t kMaxAttachedPolicies = 20;  // of one role

// AWS's own policies, which need not exist here to be named.
constexpr std::string_view kManagedPrefix = "arn:aws:iam::aws:policy/";

// "/service-role/" and "Name" of arn:aws:iam::aws:policy/service-role/Name.
struct PolicyName {
  std::string path;
  std::string name;
};
PolicyName NameOf(std::string_view arn) {
  arn.remove_prefix(kManagedPrefix.size() - 1);
  const std::size_t slash = arn.rfind('/');
  return {.path = std::string(arn.substr(0, slash + 1)),
          .name = std::string(arn.substr(slash + 1))};
}

Result<void> CheckPolicyArn(const std::string& arn) {
  if (!arn.starts_with("arn:")) {
    return Named("InvalidInput", ErrorCode::kInvalidInput, "ARN " + arn + " is not valid.", 400);
  }
  if (!arn.starts_with(kManagedPrefix) || NameOf(arn).name.empty()) {
    return NotFound("Policy " + arn +
                    " does not exist or is not attachable. Usher knows the policies of AWS, " +
                    std::string(kManagedPrefix) + "…, and the inline policies of roles.");
  }
  return {};
}

}  // namespace

// Attaching again changes nothing. Errors: not found, of role or policy; limit exceeded.
Result<api::AttachRolePolicyResponse> AttachRolePolicy(const api::AttachRolePolicyRequest& request,
                                                       const RoleStore& roles) {
  if (const auto arn = CheckPolicyArn(request.policy_arn); !arn) return arn.error();
  const auto attached = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    stored.attached_policies.insert(request.policy_arn);
    if (stored.attached_policies.size() > kMaxAttachedPolicies) {
      return Named(
          "LimitExceeded", ErrorCode::kLimitExceeded,
          "Cannot exceed quota for PoliciesPerRole: " + std::to_string(kMaxAttachedPolicies), 409);
    }
    return {};
  });
  if (!attached) return attached.error();
  return api::AttachRolePolicyResponse{};
}

// Errors: not found, of role or policy.
Result<api::DetachRolePolicyResponse> DetachRolePolicy(const api::DetachRolePolicyRequest& request,
                                                       const RoleStore& roles) {
  const auto detached = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    if (stored.attached_policies.erase(request.policy_arn) == 0) {
      return NotFound("Policy " + request.policy_arn + " was not found.");
    }
    return {};
  });
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
