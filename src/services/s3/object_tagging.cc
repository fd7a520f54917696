// Operations PutObjectTagging, GetObjectTagging and DeleteObjectTagging. Errors: NoSuchKey,
// InvalidTag, BadRequest.
#include "services/s3/bucket_access.h"
#include "services/s3/names.h"
#include "services/s3/operations.h"
#include "services/s3/tags.h"
#include "services/s3/unsupported.h"

namespace usher::s3 {
namespace {

template <typename Request>
Result<void> CheckTarget(const Request& request, const wire::CallContext& context,
                         const storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid;
  return CheckVersion(request.key, request.version_id);
}

}  // namespace

Result<api::s3::PutObjectTaggingOutput> PutObjectTagging(
    const api::s3::PutObjectTaggingRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  if (auto valid = CheckTarget(request, context, store); !valid) return valid.error();
  const auto tags = ReadTagSet(request.tagging.tag_set, kMaxObjectTags);
  if (!tags) return tags.error();
  const auto changed =
      store.ChangeObject(request.bucket, request.key,
                         [&](storage::ObjectInfo& object) { object.attributes.tags = *tags; });
  if (!changed) return changed.error();
  return api::s3::PutObjectTaggingOutput{};
}

Result<api::s3::GetObjectTaggingOutput> GetObjectTagging(
    const api::s3::GetObjectTaggingRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  if (auto valid = CheckTarget(request, context, store); !valid) return valid.error();
  const auto object = store.FindObject(request.bucket, request.key);
  if (!object) return object.error();
  return api::s3::GetObjectTaggingOutput{.tag_set = WriteTagSet(object->attributes.tags)};
}

Result<api::s3::DeleteObjectTaggingOutput> DeleteObjectTagging(
    const api::s3::DeleteObjectTaggingRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  if (auto valid = CheckTarget(request, context, store); !valid) return valid.error();
  const auto changed =
      store.ChangeObject(request.bucket, request.key,
                         [](storage::ObjectInfo& object) { object.attributes.tags.clear(); });
  if (!changed) return changed.error();
  return api::s3::DeleteObjectTaggingOutput{};
}

}  // namespace usher::s3
