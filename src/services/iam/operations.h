// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/iam/policy_store.h"
#include "services/iam/role_store.h"
#include "wire/dispatcher.h"
#include "wire/iam.h"

namespace usher::iam {

// roles.cc
Result<api::CreateRoleResponse> CreateRole(const api::CreateRoleRequest& request,
                                           const RoleStore& roles);
Result<api::GetRoleResponse> GetRole(const api::GetRoleRequest& request, const RoleStore& roles);
Result<api::ListRolesResponse> ListRoles(const api::ListRolesRequest& request,
                                         const RoleStore& roles);
Result<api::DeleteRoleResponse> DeleteRole(const api::DeleteRoleRequest& request,
                                           const RoleStore& roles);

// inline_policies.cc
Result<api::PutRolePolicyResponse> PutRolePolicy(const api::PutRolePolicyRequest& request,
                                                 const RoleStore& roles);
Result<api::GetRolePolicyResponse> GetRolePolicy(const api::GetRolePolicyRequest& request,
                                                 const RoleStore& roles);
Result<api::ListRolePoliciesResponse> ListRolePolicies(const api::ListRolePoliciesRequest& request,
                                                       const RoleStore& roles);
Result<api::DeleteRolePolicyResponse> DeleteRolePolicy(const api::DeleteRolePolicyRequest& request,
                                                       const RoleStore& roles);

// attached_policies.cc
Result<api::AttachRolePolicyResponse> AttachRolePolicy(const api::AttachRolePolicyRequest& request,
                                                       const RoleStore& roles,
                                                       const PolicyStore& policies);
Result<api::DetachRolePolicyResponse> DetachRolePolicy(const api::DetachRolePolicyRequest& request,
                                                       const RoleStore& roles,
                                                       const PolicyStore& policies);
Result<api::ListAttachedRolePoliciesResponse> ListAttachedRolePolicies(
    const api::ListAttachedRolePoliciesRequest& request, const RoleStore& roles);

// update_role.cc
Result<api::UpdateRoleResponse> UpdateRole(const api::UpdateRoleRequest& request,
                                           const RoleStore& roles);
Result<api::UpdateRoleDescriptionResponse> UpdateRoleDescription(
    const api::UpdateRoleDescriptionRequest& request, const RoleStore& roles);
Result<api::UpdateAssumeRolePolicyResponse> UpdateAssumeRolePolicy(
    const api::UpdateAssumeRolePolicyRequest& request, const RoleStore& roles);
Result<api::PutRolePermissionsBoundaryResponse> PutRolePermissionsBoundary(
    const api::PutRolePermissionsBoundaryRequest& request, const RoleStore& roles);
Result<api::DeleteRolePermissionsBoundaryResponse> DeleteRolePermissionsBoundary(
    const api::DeleteRolePermissionsBoundaryRequest& request, const RoleStore& roles);
Result<api::TagRoleResponse> TagRole(const api::TagRoleRequest& request, const RoleStore& roles);
Result<api::UntagRoleResponse> UntagRole(const api::UntagRoleRequest& request,
                                         const RoleStore& roles);
Result<api::ListRoleTagsResponse> ListRoleTags(const api::ListRoleTagsRequest& request,
                                               const RoleStore& roles);
Result<api::ListInstanceProfilesForRoleResponse> ListInstanceProfilesForRole(
    const api::ListInstanceProfilesForRoleRequest& request, const RoleStore& roles);

// policies.cc
Result<api::CreatePolicyResponse> CreatePolicy(const api::CreatePolicyRequest& request,
                                               const PolicyStore& policies);
Result<api::GetPolicyResponse> GetPolicy(const api::GetPolicyRequest& request,
                                         const PolicyStore& policies);
Result<api::ListPoliciesResponse> ListPolicies(const api::ListPoliciesRequest& request,
                                               const PolicyStore& policies);
Result<api::DeletePolicyResponse> DeletePolicy(const api::DeletePolicyRequest& request,
                                               const PolicyStore& policies);
Result<api::TagPolicyResponse> TagPolicy(const api::TagPolicyRequest& request,
                                         const PolicyStore& policies);
Result<api::UntagPolicyResponse> UntagPolicy(const api::UntagPolicyRequest& request,
                                             const PolicyStore& policies);
Result<api::ListPolicyTagsResponse> ListPolicyTags(const api::ListPolicyTagsRequest& request,
                                                   const PolicyStore& policies);
Result<api::ListEntitiesForPolicyResponse> ListEntitiesForPolicy(
    const api::ListEntitiesForPolicyRequest& request, const RoleStore& roles,
    const PolicyStore& policies);

// policy_versions.cc
Result<api::CreatePolicyVersionResponse> CreatePolicyVersion(
    const api::CreatePolicyVersionRequest& request, const PolicyStore& policies);
Result<api::GetPolicyVersionResponse> GetPolicyVersion(const api::GetPolicyVersionRequest& request,
                                                       const PolicyStore& policies);
Result<api::ListPolicyVersionsResponse> ListPolicyVersions(
    const api::ListPolicyVersionsRequest& request, const PolicyStore& policies);
Result<api::SetDefaultPolicyVersionResponse> SetDefaultPolicyVersion(
    const api::SetDefaultPolicyVersionRequest& request, const PolicyStore& policies);
Result<api::DeletePolicyVersionResponse> DeletePolicyVersion(
    const api::DeletePolicyVersionRequest& request, const PolicyStore& policies);

// get_user.cc
Result<api::GetUserResponse> GetUser(const api::GetUserRequest& request,
                                     const wire::CallContext& context);

// What several files share:

// roles.cc
// `prefix` and 17 characters of base32, as ids of IAM look.
[[nodiscard]] std::string NewId(std::string_view prefix);
// Errors: malformed policy document, limit exceeded.
Result<void> CheckTrustPolicy(std::string_view document);
[[nodiscard]] api::AttachedPermissionsBoundary BoundaryOf(const std::string& arn);
// As answers carry it: documents travel URL-encoded.
[[nodiscard]] api::Role Shown(api::Role role);
inline constexpr std::int64_t kDefaultSessionSeconds = 3600;

// policy_versions.cc
// Errors: malformed policy document, limit exceeded.
Result<void> CheckManagedPolicy(std::string_view document);
[[nodiscard]] std::string VersionId(std::int64_t number);  // "v1"

}  // namespace usher::iam
