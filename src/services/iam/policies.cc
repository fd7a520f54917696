// Operations CreatePolicy, GetPolicy, ListPolicies, DeletePolicy, ListEntitiesForPolicy, TagPolicy,
// UntagPolicy, ListPolicyTags: managed policies of one's own.
#include "services/iam/operations.h"
#include "services/iam/tags.h"

namespace usher::iam {
namespace {

// A permissions boundary is kept on its role alone.
constexpr std::string_view kBoundary = "PermissionsBoundary";

api::Policy Shown(const StoredPolicy& stored) {
  api::Policy policy = stored.policy;
  policy.default_version_id = VersionId(stored.default_version);
  policy.attachment_count = static_cast<std::int64_t>(stored.roles.size());
  policy.is_attachable = true;
  return policy;
}

// Which role, that the policy is attached to, is the one with this name.
api::PolicyRole Attached(const StoredRole& stored) {
  return {.role_name = stored.role.role_name, .role_id = stored.role.role_id};
}

}  // namespace

// Errors: already exists, malformed policy document, duplicate tags, limit exceeded.
Result<api::CreatePolicyResponse> CreatePolicy(const api::CreatePolicyRequest& request,
                                               const PolicyStore& policies) {
  if (const auto document = CheckManagedPolicy(request.policy_document); !document) {
    return document.error();
  }
  if (request.tags) {
    if (const auto tags = CheckTags(*request.tags); !tags) return tags.error();
  }

  StoredPolicy stored;
  const Time now = policies.Now();
  stored.policy.policy_name = request.policy_name;
  stored.policy.policy_id = NewId("ANPA");
  stored.policy.path = request.path.value_or("/");
  stored.policy.arn = "arn:aws:iam::" + std::string(wire::kAccountId) + ":policy" +
                      *stored.policy.path + request.policy_name;
  stored.policy.description = request.description;
  stored.policy.create_date = now;
  stored.policy.update_date = now;
  stored.policy.tags = request.tags;
  stored.versions[1] = {.document = request.policy_document, .created = now};
  if (const auto created = policies.Create(stored); !created) return created.error();
  return api::CreatePolicyResponse{.policy = Shown(stored)};
}

// Errors: not found.
Result<api::GetPolicyResponse> GetPolicy(const api::GetPolicyRequest& request,
                                         const PolicyStore& policies) {
  const auto stored = policies.Find(request.policy_arn);
  if (!stored) return stored.error();
  return api::GetPolicyResponse{.policy = Shown(*stored)};
}

// Policies of AWS are not among them: only their names are known, from the roles they are attached
// to. Errors: invalid marker.
Result<api::ListPoliciesResponse> ListPolicies(const api::ListPoliciesRequest& request,
                                               const PolicyStore& policies) {
  if (request.policy_usage_filter == kBoundary) {
    return Unsupported("PolicyUsageFilter PermissionsBoundary is not supported by Usher.");
  }
  const auto wanted = [&](const StoredPolicy& stored) {
    return request.scope != "AWS" &&
           !(request.only_attached.value_or(false) && stored.roles.empty()) &&
           stored.policy.path->starts_with(request.path_prefix.value_or("/"));
  };
  auto page = policies.List(wanted, request.marker,
                            static_cast<std::size_t>(request.max_items.value_or(kDefaultPageSize)));
  if (!page) return page.error();
  api::ListPoliciesResponse response{
      .policies = {}, .is_truncated = page->marker.has_value(), .marker = page->marker};
  auto& shown = response.policies.emplace();
  for (const StoredPolicy& stored : page->policies) {
    shown.push_back(Shown(stored));
    // A list says less of each policy than GetPolicy does.
    shown.back().tags.reset();
    shown.back().description.reset();
  }
  return response;
}

// Errors: not found; in use while it is attached, or has versions beside the default one.
Result<api::DeletePolicyResponse> DeletePolicy(const api::DeletePolicyRequest& request,
                                               const PolicyStore& policies) {
  while (true) {
    const auto stored = policies.Find(request.policy_arn);
    if (!stored) return stored.error();
    if (!stored->roles.empty()) return InUse("Cannot delete a policy attached to entities.");
    if (stored->versions.size() > 1) {
      return InUse(
          "This policy has more than one version. Before you delete a policy, you must delete the "
          "policy's versions. The default version is deleted with the policy.");
    }
    const auto deleted = policies.Delete(*stored);
    if (deleted) return api::DeletePolicyResponse{};
    if (deleted.error().code != ErrorCode::kInUse) return deleted.error();
    // It changed since it was read: look again.
  }
}

// Roles alone: there are no users and groups. Errors: not found, invalid marker.
Result<api::ListEntitiesForPolicyResponse> ListEntitiesForPolicy(
    const api::ListEntitiesForPolicyRequest& request, const RoleStore& roles,
    const PolicyStore& policies) {
  if (request.policy_usage_filter == kBoundary) {
    return Unsupported("PolicyUsageFilter PermissionsBoundary is not supported by Usher.");
  }
  const auto policy = policies.Find(request.policy_arn);
  if (!policy) return policy.error();
  api::ListEntitiesForPolicyResponse response{.policy_groups = std::vector<api::PolicyGroup>(),
                                              .policy_users = std::vector<api::PolicyUser>(),
                                              .policy_roles = std::vector<api::PolicyRole>(),
                                              .is_truncated = false,
                                              .marker = {}};
  if (request.entity_filter.value_or("Role") != "Role") return response;
  std::vector<std::string> names(policy->roles.begin(), policy->roles.end());
  const auto page = PageOf(names, request.marker, request.max_items);
  if (!page) return page.error();
  for (const std::string& name : page->names) {
    const auto role = roles.Find(name);
    if (!role && role.error().code == ErrorCode::kNotFound) continue;  // deleted since
    if (!role) return role.error();
    if (!role->role.path.starts_with(request.path_prefix.value_or("/"))) continue;
    response.policy_roles->push_back(Attached(*role));
  }
  response.is_truncated = page->marker.has_value();
  response.marker = page->marker;
  return response;
}

// Errors: not found, duplicate keys, limit exceeded.
Result<api::TagPolicyResponse> TagPolicy(const api::TagPolicyRequest& request,
                                         const PolicyStore& policies) {
  const auto tagged = policies.Modify(request.policy_arn, [&](StoredPolicy& stored) {
    return AddTags(stored.policy.tags, request.tags);
  });
  if (!tagged) return tagged.error();
  return api::TagPolicyResponse{};
}

// Errors: not found.
Result<api::UntagPolicyResponse> UntagPolicy(const api::UntagPolicyRequest& request,
                                             const PolicyStore& policies) {
  const auto untagged =
      policies.Modify(request.policy_arn, [&](StoredPolicy& stored) -> Result<void> {
        RemoveTags(stored.policy.tags, request.tag_keys);
        return {};
      });
  if (!untagged) return untagged.error();
  return api::UntagPolicyResponse{};
}

// Errors: not found, invalid marker.
Result<api::ListPolicyTagsResponse> ListPolicyTags(const api::ListPolicyTagsRequest& request,
                                                   const PolicyStore& policies) {
  const auto stored = policies.Find(request.policy_arn);
  if (!stored) return stored.error();
  auto page = PageOfTags(stored->policy.tags, request.marker, request.max_items);
  if (!page) return page.error();
  return api::ListPolicyTagsResponse{.tags = std::move(page->tags),
                                     .is_truncated = page->marker.has_value(),
                                     .marker = page->marker};
}

}  // namespace usher::iam
