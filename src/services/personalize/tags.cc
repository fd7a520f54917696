#include "services/personalize/tags.h"

#include <algorithm>
#include <map>

#include "json/json.h"
#include "services/personalize/arns.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

constexpr std::string_view kKind = "personalize/tags";
using Tags = std::map<std::string, std::string>;

Error TooManyTags() {
  return Named("TooManyTagsException", ErrorCode::kLimitExceeded,
               "a resource may have at most " + std::to_string(kMaxTagsPerResource) + " tags", 400);
}

// Adds `more` to `tags`, a later value replacing an earlier one. Errors: the limit; a key twice in
// one request.
Result<void> Merge(Tags& tags, const std::vector<api::Tag>& more) {
  Tags added;
  for (const api::Tag& tag : more) {
    if (!added.emplace(tag.tag_key, tag.tag_value).second) {
      return InvalidInput("tag key '" + tag.tag_key + "' is given more than once");
    }
    tags[tag.tag_key] = tag.tag_value;
  }
  if (tags.size() > kMaxTagsPerResource) return TooManyTags();
  return {};
}

struct Found {
  Tags tags;
  std::optional<std::int64_t> version;  // nullopt: no tags document yet
};

Result<Found> Load(const Service& service, const std::string& arn) {
  auto document = service.catalog.store().Get(kKind, arn);
  if (!document) return std::move(document).error();
  Found found;
  if (*document) {
    const auto body = json::Parse((*document)->body);
    if (!body) return Corrupt("the tags of " + arn + " are not JSON");
    wire::Read(*body, found.tags);
    found.version = (*document)->version;
  }
  return found;
}

void Save(storage::Batch& batch, const std::string& arn, const Found& found) {
  const std::string body = json::Write(wire::Write(found.tags));
  if (found.version) {
    batch.Update(std::string(kKind), arn, *found.version, body);
  } else {
    batch.Create(std::string(kKind), arn, "", body);
  }
}

template <typename T>
Result<void> Exists(const Service& service, const std::string& arn) {
  const auto found = service.catalog.Find<T>(arn);
  return found ? Result<void>{} : Result<void>(found.error());
}

// Tags belong to resources that exist.
Result<void> CheckTaggable(const Service& service, const std::string& arn) {
  const std::string_view type = ArnType(arn);
  if (type == "dataset-group") return Exists<api::DatasetGroup>(service, arn);
  if (type == "dataset") return Exists<api::Dataset>(service, arn);
  if (type == "dataset-import-job") return Exists<api::DatasetImportJob>(service, arn);
  if (type == "campaign") return Exists<api::Campaign>(service, arn);
  if (type == "batch-inference-job") return Exists<api::BatchInferenceJob>(service, arn);
  if (type == "batch-segment-job") return Exists<api::BatchSegmentJob>(service, arn);
  if (type == "solution") {
    // A solution's ARN followed by an id is a version's.
    return ArnName(arn).find('/') == std::string_view::npos
               ? Exists<api::Solution>(service, arn)
               : Exists<api::SolutionVersion>(service, arn);
  }
  if (type == "schema") return InvalidInput("schemas cannot be tagged: " + arn);
  return ResourceNotFound(arn);
}

// Reads, changes and writes the tags of a resource, again when somebody else wrote between.
Result<void> Change(Service& service, const std::string& arn,
                    const std::function<Result<void>(Tags&)>& change) {
  if (const auto taggable = CheckTaggable(service, arn); !taggable) return taggable;
  while (true) {
    auto found = Load(service, arn);
    if (!found) return std::move(found).error();
    if (auto changed = change(found->tags); !changed) return changed;
    storage::Batch batch;
    Save(batch, arn, *found);
    const auto committed = service.catalog.store().Commit(batch);
    if (committed) return {};
    const ErrorCode code = committed.error().code;
    if (code != ErrorCode::kInUse && code != ErrorCode::kAlreadyExists &&
        code != ErrorCode::kNotFound)
      return committed;
  }
}

}  // namespace

Result<void> AddTags(storage::Batch& batch, const std::string& arn,
                     const std::optional<std::vector<api::Tag>>& tags) {
  if (!tags || tags->empty()) return {};
  Found found;
  if (auto merged = Merge(found.tags, *tags); !merged) return merged;
  batch.Put(std::string(kKind), arn, "", json::Write(wire::Write(found.tags)));
  return {};
}

void RemoveTags(storage::Batch& batch, const std::string& arn) {
  batch.Delete(std::string(kKind), arn);
}

Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  auto changed =
      Change(service, request.resource_arn, [&](Tags& tags) { return Merge(tags, request.tags); });
  if (!changed) return changed.error();
  return api::TagResourceResponse{};
}

Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  auto changed = Change(service, request.resource_arn, [&](Tags& tags) -> Result<void> {
    for (const std::string& key : request.tag_keys) tags.erase(key);
    return {};
  });
  if (!changed) return changed.error();
  return api::UntagResourceResponse{};
}

Result<api::ListTagsForResourceResponse> ListTagsForResource(
    const api::ListTagsForResourceRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  if (const auto taggable = CheckTaggable(service, request.resource_arn); !taggable)
    return taggable.error();
  auto found = Load(service, request.resource_arn);
  if (!found) return std::move(found).error();
  api::ListTagsForResourceResponse response;
  auto& tags = response.tags.emplace();
  for (const auto& [key, value] : found->tags) tags.push_back({.tag_key = key, .tag_value = value});
  return response;
}

}  // namespace usher::personalize
