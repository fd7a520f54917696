// Operation ListParts. Errors: NoSuchUpload, InvalidArgument.
#include <algorithm>

#include "services/s3/bucket_access.h"
#include "services/s3/conditions.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"
#include "services/s3/uploads.h"

namespace usher::s3 {
namespace {

constexpr std::int64_t kMaxParts = 1000;

}  // namespace

Result<api::s3::ListPartsOutput> ListParts(const api::s3::ListPartsRequest& request,
                                           wire::CallContext& context,
                                           storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const std::int64_t limit = std::min(request.max_parts.value_or(kMaxParts), kMaxParts);
  const std::int64_t after = request.part_number_marker.value_or(0);
  if (limit < 0 || after < 0) {
    return InvalidArgument("max-parts", std::to_string(limit < 0 ? limit : after),
                           "Arguments max-parts and part-number-marker must be integers between 0 "
                           "and 2147483647");
  }
  const auto upload = store.FindUpload(request.bucket, request.key, request.upload_id);
  if (!upload) return upload.error();
  // One more than asked for tells whether there is a next page.
  auto parts = store.ListParts(*upload, std::min(after, kMaxPartNumber),
                               static_cast<std::size_t>(limit) + 1);
  if (!parts) return parts.error();
  const bool truncated = limit > 0 && parts->size() > static_cast<std::size_t>(limit);
  parts->resize(std::min(parts->size(), static_cast<std::size_t>(limit)));

  const std::string owner = CanonicalUserId(context.caller.account_id);
  api::s3::ListPartsOutput output{
      .bucket = request.bucket,
      .key = request.key,
      .upload_id = upload->id,
      .part_number_marker = after,
      .next_part_number_marker = parts->empty() ? 0 : parts->back().number,
      .max_parts = limit,
      .is_truncated = truncated,
      .initiator = api::s3::Initiator{.id = owner},
      .owner = api::s3::Owner{.id = owner},
      .storage_class = StorageClassOf(upload->attributes),
      .checksum_algorithm = upload->attributes.checksum_algorithm,
      .checksum_type = upload->attributes.checksum_type};
  for (const storage::UploadPart& part : *parts) {
    api::s3::Part written{.part_number = part.number,
                          .last_modified = part.modified,
                          .e_tag = Quoted(part.segment.file.md5),
                          .size = static_cast<std::int64_t>(part.segment.file.size)};
    SetChecksum(written, upload->attributes.checksum_algorithm, part.segment.checksum);
    if (!output.parts) output.parts.emplace();
    output.parts->push_back(std::move(written));
  }
  return output;
}

}  // namespace usher::s3
