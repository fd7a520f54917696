// Operations PutBucketTagging, GetBucketTagging and DeleteBucketTagging. Errors: InvalidTag,
// BadRequest, NoSuchTagSet.
#include "services/s3/bucket_access.h"
#include "services/s3/operations.h"
#include "services/s3/tags.h"

namespace usher::s3 {

Result<api::s3::PutBucketTagging::Response> PutBucketTagging(
    const api::s3::PutBucketTaggingRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const auto tags = ReadTagSet(request.tagging.tag_set, kMaxBucketTags);
  if (!tags) return tags.error();
  const auto changed =
      store.ChangeBucket(request.bucket, [&](storage::Bucket& b) { b.tags = *tags; });
  if (!changed) return changed.error();
  context.response_status = 204;
  return api::s3::PutBucketTagging::Response{};
}

Result<api::s3::GetBucketTaggingOutput> GetBucketTagging(
    const api::s3::GetBucketTaggingRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (bucket->tags.empty()) {
    Error error = Named("NoSuchTagSet", ErrorCode::kNotFound, "The TagSet does not exist", 404);
    error.details = {{"BucketName", request.bucket}};
    return error;
  }
  return api::s3::GetBucketTaggingOutput{.tag_set = WriteTagSet(bucket->tags)};
}

Result<api::s3::DeleteBucketTagging::Response> DeleteBucketTagging(
    const api::s3::DeleteBucketTaggingRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const auto changed =
      store.ChangeBucket(request.bucket, [](storage::Bucket& b) { b.tags.clear(); });
  if (!changed) return changed.error();
  return api::s3::DeleteBucketTagging::Response{};
}

}  // namespace usher::s3
