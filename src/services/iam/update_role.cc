// What changes a role as it stands: UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy,
// PutRolePermissionsBoundary, DeleteRolePermissionsBoundary, TagRole, UntagRole, ListRoleTags. And
// ListInstanceProfilesForRole, which tools ask before they delete one.
#include "services/iam/operations.h"
#include "services/iam/tags.h"

namespace usher::iam {

// A description that is not given stays; a duration that is not given becomes an hour, as the
// service documents it. Errors: not found.
Result<api::UpdateRoleResponse> UpdateRole(const api::UpdateRoleRequest& request,
                                           const RoleStore& roles) {
  const auto updated = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    if (request.description) stored.role.description = request.description;
    stored.role.max_session_duration =
        request.max_session_duration.value_or(kDefaultSessionSeconds);
    return {};
  });
  if (!updated) return updated.error();
  return api::UpdateRoleResponse{};
}

// Errors: not found.
Result<api::UpdateRoleDescriptionResponse> UpdateRoleDescription(
    const api::UpdateRoleDescriptionRequest& request, const RoleStore& roles) {
  api::Role role;
  const auto updated = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    stored.role.description = request.description;
    role = stored.role;
    return {};
  });
  if (!updated) return updated.error();
  return api::UpdateRoleDescriptionResponse{.role = Shown(std::move(role))};
}

// Errors: not found, malformed policy document, limit exceeded.
Result<api::UpdateAssumeRolePolicyResponse> UpdateAssumeRolePolicy(
    const api::UpdateAssumeRolePolicyRequest& request, const RoleStore& roles) {
  if (const auto policy = CheckTrustPolicy(request.policy_document); !policy) {
    return policy.error();
  }
  const auto updated = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    stored.role.assume_role_policy_document = request.policy_document;
    return {};
  });
  if (!updated) return updated.error();
  return api::UpdateAssumeRolePolicyResponse{};
}

// Errors: not found.
Result<api::PutRolePermissionsBoundaryResponse> PutRolePermissionsBoundary(
    const api::PutRolePermissionsBoundaryRequest& request, const RoleStore& roles) {
  const auto updated = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    stored.role.permissions_boundary = BoundaryOf(request.permissions_boundary);
    return {};
  });
  if (!updated) return updated.error();
  return api::PutRolePermissionsBoundaryResponse{};
}

// Errors: not found.
Result<api::DeleteRolePermissionsBoundaryResponse> DeleteRolePermissionsBoundary(
    const api::DeleteRolePermissionsBoundaryRequest& request, const RoleStore& roles) {
  const auto updated = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    stored.role.permissions_boundary.reset();
    return {};
  });
  if (!updated) return updated.error();
  return api::DeleteRolePermissionsBoundaryResponse{};
}

// Errors: not found, duplicate keys, limit exceeded.
Result<api::TagRoleResponse> TagRole(const api::TagRoleRequest& request, const RoleStore& roles) {
  const auto tagged = roles.Modify(request.role_name, [&](StoredRole& stored) {
    return AddTags(stored.role.tags, request.tags);
  });
  if (!tagged) return tagged.error();
  return api::TagRoleResponse{};
}

// Errors: not found.
Result<api::UntagRoleResponse> UntagRole(const api::UntagRoleRequest& request,
                                         const RoleStore& roles) {
  const auto untagged = roles.Modify(request.role_name, [&](StoredRole& stored) -> Result<void> {
    RemoveTags(stored.role.tags, request.tag_keys);
    return {};
  });
  if (!untagged) return untagged.error();
  return api::UntagRoleResponse{};
}

// Errors: not found, invalid marker.
Result<api::ListRoleTagsResponse> ListRoleTags(const api::ListRoleTagsRequest& request,
                                               const RoleStore& roles) {
  const auto stored = roles.Find(request.role_name);
  if (!stored) return stored.error();
  auto page = PageOfTags(stored->role.tags, request.marker, request.max_items);
  if (!page) return page.error();
  return api::ListRoleTagsResponse{.tags = std::move(page->tags),
                                   .is_truncated = page->marker.has_value(),
                                   .marker = page->marker};
}

// None: there are no instances here that could have a profile. Errors: not found.
Result<api::ListInstanceProfilesForRoleResponse> ListInstanceProfilesForRole(
    const api::ListInstanceProfilesForRoleRequest& request, const RoleStore& roles) {
  const auto stored = roles.Find(request.role_name);
  if (!stored) return stored.error();
  return api::ListInstanceProfilesForRoleResponse{.is_truncated = false};
}

}  // namespace usher::iam
