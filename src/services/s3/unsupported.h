// What a request may ask for and this server cannot do: said, never silently ignored.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/s3/errors.h"

namespace usher::s3 {

// The bucket owner owns every object and access lists are off, as in any new bucket of S3. Errors:
// AccessControlListNotSupported.
Result<void> CheckAcl(const std::optional<std::string>& acl,
                      std::initializer_list<const std::optional<std::string>*> grants);
// Objects are kept as they are: "AES256" is a promise about a disk that is the operator's to make,
// so it is taken and not claimed in answers; keys of the client or of a key service would be a
// promise that we break. Errors: NotImplemented.
Result<void> CheckEncryption(const std::optional<std::string>& server_side,
                             const std::optional<std::string>& customer_algorithm);
// Errors: InvalidStorageClass for classes whose objects must be restored before they are read.
Result<void> CheckStorageClass(const std::optional<std::string>& storage_class);
// Buckets are not versioned: only the version "null" exists. Errors: NoSuchVersion.
Result<void> CheckVersion(std::string_view key, const std::optional<std::string>& version_id);

// All that creates an object. Errors: as above, and InvalidRequest for an object lock.
template <typename Request>
Result<void> CheckCreation(const Request& request) {
  if (auto ok = CheckAcl(request.acl, {&request.grant_full_control, &request.grant_read,
                                       &request.grant_read_acp, &request.grant_write_acp});
      !ok) {
    return ok;
  }
  if (auto ok = CheckEncryption(request.server_side_encryption, request.sse_customer_algorithm);
      !ok) {
    return ok;
  }
  if (request.object_lock_mode || request.object_lock_retain_until_date ||
      request.object_lock_legal_hold_status) {
    return InvalidRequest("Bucket is missing Object Lock Configuration");
  }
  return CheckStorageClass(request.storage_class);
}

}  // namespace usher::s3
