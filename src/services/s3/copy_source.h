// The x-amz-copy-source header, and the object that it names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/s3/bucket_access.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/unsupported.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

struct CopySource {
  std::string bucket;
  std::string key;
  std::optional<std::string> version_id;
};

// "bucket/key" or "/bucket/key", URL-encoded, with or without "?versionId=". Errors:
// InvalidArgument.
Result<CopySource> ParseCopySource(std::string_view header);

// The source of CopyObject or UploadPartCopy, opened once its conditions hold. Errors: those of
// reading it.
template <typename Request>
Result<storage::OpenObject> OpenCopySource(const Request& request, const CopySource& source,
                                           const wire::CallContext& context,
                                           const storage::ObjectStore& store) {
  const auto bucket =
      FindBucket(store, context, source.bucket, request.expected_source_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(source.key); !valid) return valid.error();
  if (auto valid = CheckVersion(source.key, source.version_id); !valid) return valid.error();
  if (auto valid = CheckEncryption({}, request.copy_source_sse_customer_algorithm); !valid) {
    return valid.error();
  }
  auto object = store.OpenForRead(source.bucket, source.key);
  if (!object) return object;
  const ReadConditions conditions{.if_match = request.copy_source_if_match,
                                  .if_none_match = request.copy_source_if_none_match,
                                  .if_modified_since = request.copy_source_if_modified_since,
                                  .if_unmodified_since = request.copy_source_if_unmodified_since};
  if (auto go_on = CheckCopySource(conditions, object->info()); !go_on) return go_on.error();
  return object;
}

}  // namespace usher::s3
