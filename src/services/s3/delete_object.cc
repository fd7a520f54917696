// Operation DeleteObject. An object that is not there is deleted already: no error. Errors:
// PreconditionFailed.
#include "services/s3/bucket_access.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/operations.h"
#include "services/s3/unsupported.h"

namespace usher::s3 {

Result<api::s3::DeleteObjectOutput> DeleteObject(const api::s3::DeleteObjectRequest& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store,
                                                 ObjectEvents& events) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckVersion(request.key, request.version_id); !valid) return valid.error();
  if (request.if_match_last_modified_time || request.if_match_size) {
    return NotImplemented("Conditions on time and size are for directory buckets only");
  }
  const auto condition = WriteCondition(request.if_match, {});
  if (!condition) return condition.error();
  const auto announcement = events.Announce(ObjectEvent::kDelete, *bucket, context);
  const auto existed =
      store.DeleteObject(request.bucket, request.key, *condition, announcement.consequence());
  if (!existed) return existed.error();
  return api::s3::DeleteObjectOutput{};
}

}  // namespace usher::s3
