// Operations CreateRole, GetRole, ListRoles, DeleteRole.
#include <array>

#include "base/encoding.h"
#include "base/random.h"
#include "services/iam/operations.h"
#include "services/iam/policy_document.h"
#include "services/iam/tags.h"
#include "wire/dispatcher.h"

namespace usher::iam {
namespace {

constexpr std::size_t kMaxTrustCharacters =
    2048;  // of the document that says who may assume a role

}  // namespace

std::string NewId(std::string_view prefix) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::array<unsigned char, 17> bytes;
  SecureRandom(bytes);
  std::string id(prefix);
  for (const unsigned char byte : bytes) id += alphabet[byte % alphabet.size()];
  return id;
}

Result<void> CheckTrustPolicy(std::string_view document) {
  if (CountCharacters(document) > kMaxTrustCharacters) {
    return Named("LimitExceeded", ErrorCode::kLimitExceeded,
                 "Cannot exceed quota for ACLSizePerRole: " + std::to_string(kMaxTrustCharacters),
                 409);
  }
  return CheckPolicyDocument(document, PolicyUse::kTrust);
}

api::AttachedPermissionsBoundary BoundaryOf(const std::string& arn) {
  return {.permissions_boundary_type = "Policy", .permissions_boundary_arn = arn};
}

api::Role Shown(api::Role role) {
  if (role.assume_role_policy_document) {
    role.assume_role_policy_document = PercentEncode(*role.assume_role_policy_document);
  }
  return role;
}

// Errors: already exists, malformed policy document, duplicate tags, limit exceeded.
Result<api::CreateRoleResponse> CreateRole(const api::CreateRoleRequest& request,
                                           const RoleStore& roles) {
  const auto policy = CheckTrustPolicy(request.assume_role_policy_document);
  if (!policy) return policy.error();
  if (request.tags) {
    if (const auto tags = CheckTags(*request.tags); !tags) return tags.error();
  }

  api::Role role;
  role.path = request.path.value_or("/");
  role.role_name = request.role_name;
  role.role_id = NewId("AROA");
  role.arn = "arn:aws:iam::" + std::string(wire::kAccountId) + ":role" + role.path + role.role_name;
  role.create_date = roles.Now();
  role.assume_role_policy_document = request.assume_role_policy_document;
  role.description = request.description;
  role.max_session_duration = request.max_session_duration.value_or(kDefaultSessionSeconds);
  role.tags = request.tags;
  if (request.permissions_boundary) {
    role.permissions_boundary = BoundaryOf(*request.permissions_boundary);
  }
  if (const auto created = roles.Create({.role = role}); !created) return created.error();
  return api::CreateRoleResponse{.role = Shown(std::move(role))};
}

// Errors: not found.
Result<api::GetRoleResponse> GetRole(const api::GetRoleRequest& request, const RoleStore& roles) {
  auto stored = roles.Find(request.role_name);
  if (!stored) return stored.error();
  stored->role.role_last_used.emplace();  // nothing is known of its use
  return api::GetRoleResponse{.role = Shown(std::move(stored->role))};
}

// Errors: invalid marker.
Result<api::ListRolesResponse> ListRoles(const api::ListRolesRequest& request,
                                         const RoleStore& roles) {
  auto page = roles.List(request.path_prefix.value_or("/"), request.marker,
                         static_cast<std::size_t>(request.max_items.value_or(kDefaultPageSize)));
  if (!page) return page.error();
  api::ListRolesResponse response;
  for (StoredRole& stored : page->roles) {
    // A list says less of each role than GetRole does.
    stored.role.tags.reset();
    stored.role.permissions_boundary.reset();
    response.roles.push_back(Shown(std::move(stored.role)));
  }
  response.is_truncated = page->marker.has_value();
  response.marker = page->marker;
  return response;
}

// Errors: not found; in use while policies remain.
Result<api::DeleteRoleResponse> DeleteRole(const api::DeleteRoleRequest& request,
                                           const RoleStore& roles) {
  while (true) {
    const auto stored = roles.Find(request.role_name);
    if (!stored) return stored.error();
    if (!stored->attached_policies.empty()) {
      return InUse("Cannot delete entity, must detach all policies first.");
    }
    if (!stored->inline_policies.empty()) {
      return InUse("Cannot delete entity, must delete policies first.");
    }
    const auto deleted = roles.Delete(*stored);
    if (deleted) return api::DeleteRoleResponse{};
    if (deleted.error().code != ErrorCode::kInUse) return deleted.error();
    // It changed since it was read: look again.
  }
}

}  // namespace usher::iam
