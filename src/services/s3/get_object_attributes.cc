// Operation GetObjectAttributes. Errors: NoSuchKey, InvalidArgument.
#include <algorithm>

#include "services/s3/bucket_access.h"
#include "services/s3/checksums.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"
#include "services/s3/unsupported.h"

namespace usher::s3 {
namespace {

constexpr std::int64_t kMaxParts = 1000;

Result<api::s3::GetObjectAttributesParts> PageOfParts(
    const api::s3::GetObjectAttributesRequest& request, const storage::OpenObject& object) {
  const std::int64_t limit = std::min(request.max_parts.value_or(kMaxParts), kMaxParts);
  const std::int64_t after = request.part_number_marker.value_or(0);
  if (limit < 0 || after < 0) {
    return InvalidArgument("max-parts", std::to_string(limit),
                           "Argument max-parts must be an integer between 0 and 2147483647");
  }
  const storage::ObjectAttributes& attributes = object.info().attributes;
  api::s3::GetObjectAttributesParts page{
      .total_parts_count = static_cast<std::int64_t>(object.info().part_count),
      .part_number_marker = after,
      .max_parts = limit,
      .is_truncated = false};
  std::vector<api::s3::ObjectPart> parts;
  for (const storage::Segment& segment : object.segments()) {
    if (segment.part_number <= after) continue;
    if (static_cast<std::int64_t>(parts.size()) == limit) {
      page.is_truncated = true;
      break;
    }
    api::s3::ObjectPart part{.part_number = segment.part_number,
                             .size = static_cast<std::int64_t>(segment.file.size)};
    SetChecksum(part, attributes.checksum_algorithm, segment.checksum);
    parts.push_back(std::move(part));
  }
  page.next_part_number_marker = parts.empty() ? after : *parts.back().part_number;
  // S3 lists the single parts only where each has a checksum of its own.
  if (attributes.checksum_type == kComposite) page.parts = std::move(parts);
  return page;
}

}  // namespace

Result<api::s3::GetObjectAttributesOutput> GetObjectAttributes(
    const api::s3::GetObjectAttributesRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckVersion(request.key, request.version_id); !valid) return valid.error();
  const auto object = store.OpenForRead(request.bucket, request.key);
  if (!object) return object.error();
  const storage::ObjectInfo& info = object->info();
  const auto asked = [&](std::string_view name) {
    return std::ranges::find(request.object_attributes, name) != request.object_attributes.end();
  };

  api::s3::GetObjectAttributesOutput output{.last_modified = info.modified};
  if (asked("ETag")) output.e_tag = info.etag;  // without quotes here, as S3 has it
  if (asked("ObjectSize")) output.object_size = static_cast<std::int64_t>(info.size);
  if (asked("StorageClass")) output.storage_class = StorageClassOf(info.attributes);
  if (asked("Checksum") && !info.attributes.checksum.empty()) {
    output.checksum.emplace();
    SetChecksum(*output.checksum, info.attributes.checksum_algorithm, info.attributes.checksum);
    output.checksum->checksum_type = info.attributes.checksum_type;
  }
  if (asked("ObjectParts") && info.part_count > 0) {
    auto parts = PageOfParts(request, *object);
    if (!parts) return parts.error();
    output.object_parts = std::move(*parts);
  }
  return output;
}

}  // namespace usher::s3
