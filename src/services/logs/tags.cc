// Operations TagResource, UntagResource, ListTagsForResource, and the older TagLogGroup,
// UntagLogGroup, ListTagsLogGroup.
#include "services/logs/operations.h"

namespace usher::logs {
namespace {

constexpr std::size_t kMaxTags = 50;

Result<GroupPtr> Named(const Service& service, const std::string& arn) {
  return service.groups.Find(std::nullopt, std::optional(arn));
}

Result<void> AddTags(Service& service, Group& group,
                     const std::map<std::string, std::string>& tags) {
  std::map<std::string, std::string> all = tags;
  all.merge(group.fields().tags);
  if (all.size() > kMaxTags) {
    return usher::Named("TooManyTagsException", ErrorCode::kLimitExceeded,
                        "A log group can have no more than " + std::to_string(kMaxTags) +
                            " tags, and would have " + std::to_string(all.size()));
  }
  return service.groups.Change(group, [&](GroupFields& fields) {
    for (const auto& [key, value] : tags) fields.tags[key] = value;
  });
}

Result<void> RemoveTags(Service& service, Group& group, const std::vector<std::string>& keys) {
  return service.groups.Change(group, [&](GroupFields& fields) {
    for (const std::string& key : keys) fields.tags.erase(key);
  });
}

}  // namespace

// Errors: not found; invalid input for what is no log group's ARN; too many tags.
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto group = Named(service, request.resource_arn);
  if (!group) return group.error();
  if (const auto done = AddTags(service, **group, request.tags); !done) return done.error();
  return api::TagResourceResponse{};
}

// Errors: not found; invalid input for what is no log group's ARN.
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto group = Named(service, request.resource_arn);
  if (!group) return group.error();
  if (const auto done = RemoveTags(service, **group, request.tag_keys); !done) return done.error();
  return api::UntagResourceResponse{};
}

// Errors: not found; invalid input for what is no log group's ARN.
Result<api::ListTagsForResourceResponse> ListTagsForResource(
    const api::ListTagsForResourceRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto group = Named(service, request.resource_arn);
  if (!group) return group.error();
  return api::ListTagsForResourceResponse{.tags = (*group)->fields().tags};
}

// Errors: not found; invalid input for too many tags.
Result<api::TagLogGroupResponse> TagLogGroup(const api::TagLogGroupRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  if (const auto done = AddTags(service, **group, request.tags); !done) return done.error();
  return api::TagLogGroupResponse{};
}

// Errors: not found.
Result<api::UntagLogGroupResponse> UntagLogGroup(const api::UntagLogGroupRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  if (const auto done = RemoveTags(service, **group, request.tags); !done) return done.error();
  return api::UntagLogGroupResponse{};
}

// Errors: not found.
Result<api::ListTagsLogGroupResponse> ListTagsLogGroup(const api::ListTagsLogGroupRequest& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  return api::ListTagsLogGroupResponse{.tags = (*group)->fields().tags};
}

}  // namespace usher::logs
