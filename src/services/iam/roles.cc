// Operations CreateRole, GetRole, ListRoles, DeleteRole.
#include <array>
#include <span>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "services/iam/operations.h"
#include "services/iam/policy_document.h"
#include "wire/dispatcher.h"

namespace usher::iam {
namespace {

constexpr std::int64_t kDefaultSessionSeconds = 3600;
constexpr std::string_view kBoundaryType = "Policy";

// "AROA" and 17 characters of base32, as role ids look.
std::string NewRoleId() {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::array<unsigned char, 17> bytes;
  SecureRandom(bytes);
  std::string id = "AROA";
  for (const unsigned char byte : bytes) id += alphabet[byte % alphabet.size()];
  return id;
}

Result<void> CheckTags(const std::vector<api::Tag>& tags) {
  std::set<std::string> keys;
  for (const api::Tag& tag : tags) {
    if (!keys.insert(AsciiLower(tag.key)).second) {
      return Named("InvalidInput", ErrorCode::kInvalidInput,
                   "Duplicate tag keys found: '" + tag.key +
                       "'. Please note that Tag keys are case insensitive.",
                   400);
    }
  }
  return {};
}

// As answers carry it: documents travel URL-encoded.
api::Role Shown(api::Role role) {
  if (role.assume_role_policy_document) {
    role.assume_role_policy_document = PercentEncode(*role.assume_role_policy_document);
  }
  return role;
}

}  // namespace

// Errors: already exists, malformed policy document, duplicate tags.
Result<api::CreateRoleResponse> CreateRole(const api::CreateRoleRequest& request,
                                           const RoleStore& roles) {
  const auto policy = CheckPolicyDocument(request.assume_role_policy_document, PolicyUse::kTrust);
  if (!policy) return policy.error();
  if (request.tags) {
    if (const auto tags = CheckTags(*request.tags); !tags) return tags.error();
  }

  api::Role role;
  role.path = request.path.value_or("/");
  role.role_name = request.role_name;
  role.role_id = NewRoleId();
  role.arn = "arn:aws:iam::" + std::string(wire::kAccountId) + ":role" + role.path + role.role_name;
  role.create_date = roles.Now();
  role.assume_role_policy_document = request.assume_role_policy_document;
  role.description = request.description;
  role.max_session_duration = request.max_session_duration.value_or(kDefaultSessionSeconds);
  role.tags = request.tags;
  if (request.permissions_boundary) {
    role.permissions_boundary =
        api::AttachedPermissionsBoundary{.permissions_boundary_type = std::string(kBoundaryType),
                                         .permissions_boundary_arn = request.permissions_boundary};
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
