// Operations TagResource, UntagResource, ListTagsForResource.
#include <set>

#include "services/sns/operations.h"
#include "services/sns/tag_rules.h"

namespace usher::sns {
namespace {

Error NoSuchResource(const Error& error) {
  if (error.code != ErrorCode::kNotFound) return error;
  return Named("ResourceNotFound", ErrorCode::kNotFound, "Resource does not exist", 404);
}

}  // namespace

Result<void> AddTags(const std::vector<api::Tag>& tags, Texts& to) {
  std::set<std::string_view> keys;
  for (const api::Tag& tag : tags) {
    if (tag.key.size() > kMaxTagKeyBytes || tag.value.size() > kMaxTagValueBytes) {
      return Named("InvalidParameter", ErrorCode::kInvalidInput,
                   "Invalid parameter: Tags Reason: keys have at most 128 characters, values 256",
                   400);
    }
    if (!keys.insert(tag.key).second) {
      return Named("InvalidParameter", ErrorCode::kInvalidInput,
                   "Invalid parameter: Duplicated keys are not allowed: " + tag.key, 400);
    }
    to[tag.key] = tag.value;
  }
  if (to.size() > kMaxTags) {
    return Named("TagLimitExceeded", ErrorCode::kLimitExceeded,
                 "A topic has at most " + std::to_string(kMaxTags) + " tags", 400);
  }
  return {};
}

// Errors: not found, invalid input, limit exceeded.
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto done = Catalog(service.store).ModifyTopic(request.resource_arn, [&](Topic& topic) {
    return AddTags(request.tags, topic.tags);
  });
  if (!done) return NoSuchResource(done.error());
  return api::TagResourceResponse{};
}

// Errors: not found.
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto done =
      Catalog(service.store).ModifyTopic(request.resource_arn, [&](Topic& topic) -> Result<void> {
        for (const std::string& key : request.tag_keys) topic.tags.erase(key);
        return {};
      });
  if (!done) return NoSuchResource(done.error());
  return api::UntagResourceResponse{};
}

// Errors: not found.
Result<api::ListTagsForResourceResponse> ListTagsForResource(
    const api::ListTagsForResourceRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto topic = Catalog(service.store).FindTopic(request.resource_arn);
  if (!topic) return NoSuchResource(topic.error());
  api::ListTagsForResourceResponse response;
  response.tags.emplace();
  for (const auto& [key, value] : topic->tags) response.tags->push_back({key, value});
  return response;
}

}  // namespace usher::sns
