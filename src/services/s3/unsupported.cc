#include "services/s3/unsupported.h"

#include <algorithm>

namespace usher::s3 {

Result<void> CheckAcl(const std::optional<std::string>& acl,
                      std::initializer_list<const std::optional<std::string>*> grants) {
  const bool granted =
      std::ranges::any_of(grants, [](const auto* grant) { return grant->has_value(); });
  const bool only_owner = !acl || *acl == "private" || *acl == "bucket-owner-full-control" ||
                          *acl == "bucket-owner-read";
  if (only_owner && !granted) return {};
  return Named("AccessControlListNotSupported", ErrorCode::kInvalidInput,
               "The bucket does not allow ACLs", 400);
}

Result<void> CheckEncryption(const std::optional<std::string>& server_side,
                             const std::optional<std::string>& customer_algorithm) {
  if (customer_algorithm) {
    return NotImplemented("Encryption with keys of the client (SSE-C) is not supported by Usher");
  }
  if (server_side && *server_side != "AES256") {
    return NotImplemented("Server-side encryption '" + *server_side +
                          "' is not supported by Usher");
  }
  return {};
}

Result<void> CheckStorageClass(const std::optional<std::string>& storage_class) {
  constexpr std::string_view kReadable[] = {"STANDARD",    "REDUCED_REDUNDANCY",
                                            "STANDARD_IA", "ONEZONE_IA",
                                            "GLACIER_IR",  "INTELLIGENT_TIERING"};
  if (!storage_class || std::ranges::find(kReadable, *storage_class) != std::end(kReadable)) {
    return {};
  }
  Error error = Named("InvalidStorageClass", ErrorCode::kInvalidInput,
                      "The storage class you specified is not valid", 400);
  error.details = {{"StorageClassRequested", *storage_class}};
  return error;
}

Result<void> CheckVersion(std::string_view key, const std::optional<std::string>& version_id) {
  if (!version_id || *version_id == "null") return {};
  return NoSuchVersion(key, *version_id);
}

}  // namespace usher::s3
