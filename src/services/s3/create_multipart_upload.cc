// Operation CreateMultipartUpload. Errors: those of PutObject that do not concern bytes;
// InvalidRequest for a checksum type that its algorithm cannot have.
#include "services/s3/bucket_access.h"
#include "services/s3/names.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"
#include "services/s3/unsupported.h"
#include "services/s3/uploads.h"

namespace usher::s3 {
namespace {

// CRCs of parts add up to the CRC of the whole; hashes do not. CRC64NVME is always of the whole.
Result<std::string> ChecksumTypeOf(ChecksumAlgorithm algorithm,
                                   const std::optional<std::string>& asked) {
  const bool is_hash =
      algorithm == ChecksumAlgorithm::kSha1 || algorithm == ChecksumAlgorithm::kSha256;
  const bool only_whole = algorithm == ChecksumAlgorithm::kCrc64Nvme;
  const std::string type = asked.value_or(std::string(only_whole ? kFullObject : kComposite));
  if ((type == kFullObject && is_hash) || (type == kComposite && only_whole)) {
    return InvalidRequest("The " + type + " checksum type cannot be used with the " +
                          std::string(wire::ChecksumName(algorithm)) + " checksum algorithm.");
  }
  return type;
}

}  // namespace

Result<api::s3::CreateMultipartUploadOutput> CreateMultipartUpload(
    const api::s3::CreateMultipartUploadRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckCreation(request); !valid) return valid.error();
  auto attributes = ReadAttributesWithTags(request);
  if (!attributes) return attributes.error();
  const auto asked = ParseAlgorithm(request.checksum_algorithm);
  if (!asked) return asked.error();
  const ChecksumAlgorithm algorithm = asked->value_or(kDefaultAlgorithm);
  const auto type = ChecksumTypeOf(algorithm, request.checksum_type);
  if (!type) return type.error();
  attributes->checksum_algorithm = wire::ChecksumName(algorithm);
  attributes->checksum_type = *type;

  const auto upload = store.CreateUpload(request.bucket, request.key, std::move(*attributes));
  if (!upload) return upload.error();
  api::s3::CreateMultipartUploadOutput output{
      .bucket = request.bucket, .key = request.key, .upload_id = upload->id};
  if (*asked) {
    output.checksum_algorithm = upload->attributes.checksum_algorithm;
    output.checksum_type = upload->attributes.checksum_type;
  }
  return output;
}

}  // namespace usher::s3
