// Tags of resources: kept beside them, by ARN. Source: Amazon Personalize API, Tag.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxTagsPerResource = 50;

// Adds the tags of a new resource to the batch that creates it. Errors: too many tags; a key given
// twice.
Result<void> AddTags(storage::Batch& batch, const std::string& arn,
                     const std::optional<std::vector<api::Tag>>& tags);
// Forgets the tags of a resource that the batch deletes.
void RemoveTags(storage::Batch& batch, const std::string& arn);

Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::ListTagsForResourceResponse> ListTagsForResource(
    const api::ListTagsForResourceRequest& request, Service& service, wire::CallContext& context);

}  // namespace usher::personalize
