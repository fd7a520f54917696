#include "services/s3/bucket_access.h"

#include "wire/digest.h"

namespace usher::s3 {

Result<storage::Bucket> FindBucket(const storage::ObjectStore& store,
                                   const wire::CallContext& context, const std::string& name,
                                   const std::optional<std::string>& expected_owner) {
  auto bucket = store.FindBucket(name);
  if (!bucket) return bucket;
  if (expected_owner && *expected_owner != context.caller.account_id) {
    return Named("AccessDenied", ErrorCode::kAccessDenied, "Access Denied", 403);
  }
  return bucket;
}

std::string CanonicalUserId(const std::string& account_id) {
  return wire::Sha256Hex("canonical-user-id:" + account_id);
}

}  // namespace usher::s3
