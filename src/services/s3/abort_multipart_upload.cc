// Operation AbortMultipartUpload. Errors: NoSuchUpload.
#include "services/s3/bucket_access.h"
#include "services/s3/errors.h"
#include "services/s3/operations.h"

namespace usher::s3 {

Result<api::s3::AbortMultipartUploadOutput> AbortMultipartUpload(
    const api::s3::AbortMultipartUploadRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (request.if_match_initiated_time) {
    return NotImplemented("Conditions on time are for directory buckets only");
  }
  const auto upload = store.FindUpload(request.bucket, request.key, request.upload_id);
  if (!upload) return upload.error();
  if (auto aborted = store.AbortUpload(request.bucket, *upload); !aborted) return aborted.error();
  return api::s3::AbortMultipartUploadOutput{};
}

}  // namespace usher::s3
