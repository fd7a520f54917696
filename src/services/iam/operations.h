// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/iam/role_store.h"
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
                                                       const RoleStore& roles);
Result<api::DetachRolePolicyResponse> DetachRolePolicy(const api::DetachRolePolicyRequest& request,
                                                       const RoleStore& roles);
Result<api::ListAttachedRolePoliciesResponse> ListAttachedRolePolicies(
    const api::ListAttachedRolePoliciesRequest& request, const RoleStore& roles);

}  // namespace usher::iam
