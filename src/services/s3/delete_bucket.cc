// Operation DeleteBucket. Errors: BucketNotEmpty.
#include "services/s3/bucket_access.h"
#include "services/s3/operations.h"

namespace usher::s3 {

Result<api::s3::DeleteBucket::Response> DeleteBucket(const api::s3::DeleteBucketRequest& request,
                                                     wire::CallContext& context,
                                                     storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto deleted = store.DeleteBucket(request.bucket); !deleted) return deleted.error();
  return api::s3::DeleteBucket::Response{};
}

}  // namespace usher::s3
