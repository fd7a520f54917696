// Operations GetObject and HeadObject. Errors: NoSuchKey, PreconditionFailed, 304, InvalidRange,
// InvalidPartNumber, InvalidRequest.
#include <algorithm>

#include "services/s3/bucket_access.h"
#include "services/s3/byte_range.h"
#include "services/s3/checksums.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"
#include "services/s3/unsupported.h"

namespace usher::s3 {
namespace {

constexpr int kPartialContent = 206;

// An object as its answers need it; `segments` only where a part is asked for.
struct Source {
  const storage::ObjectInfo& info;
  const std::vector<storage::Segment>& segments;
};

// The bytes of one part, as x-amz-part-number asks for. An object stored in one piece is its own
// part 1.
Result<ByteRange> RangeOfPart(const Source& object, std::int64_t number) {
  if (object.info.part_count <= 1 && number == 1) return ByteRange{0, object.info.size};
  std::uint64_t offset = 0;
  for (const storage::Segment& segment : object.segments) {
    if (object.info.part_count > 1 && segment.part_number == number) {
      return ByteRange{offset, segment.file.size};
    }
    offset += segment.file.size;
  }
  return Named("InvalidPartNumber", ErrorCode::kInvalidInput,
               "The requested partnumber is not satisfiable", 416);
}

struct Selection {
  ByteRange bytes;
  bool partial = false;
};

template <typename Request>
Result<Selection> Select(const Request& request, const Source& object) {
  const std::uint64_t size = object.info.size;
  if (request.range && request.part_number) {
    return InvalidRequest("Cannot specify both Range header and partNumber query parameter");
  }
  if (request.part_number) {
    const auto part = RangeOfPart(object, *request.part_number);
    if (!part) return part.error();
    return Selection{.bytes = *part, .partial = part->size > 0};
  }
  if (request.range) {
    const auto range = ParseRange(*request.range, size);
    if (!range) return range.error();
    if (*range) return Selection{.bytes = **range, .partial = true};
  }
  return Selection{.bytes = {0, size}};
}

// A whole object comes with its checksum, a part with its own; a range has none.
template <typename Request, typename Output>
void WriteChecksum(const Request& request, const Source& object, bool partial, Output& output) {
  if (request.checksum_mode.value_or("") != "ENABLED") return;
  const storage::ObjectAttributes& attributes = object.info.attributes;
  if (!partial || (request.part_number && object.info.part_count <= 1)) {
    SetChecksum(output, attributes.checksum_algorithm, attributes.checksum);
    if (!attributes.checksum.empty()) output.checksum_type = attributes.checksum_type;
  } else if (request.part_number) {
    const auto& segments = object.segments;
    const auto part =
        std::ranges::find(segments, *request.part_number, &storage::Segment::part_number);
    SetChecksum(output, attributes.checksum_algorithm, part->checksum);
    if (!part->checksum.empty()) output.checksum_type = attributes.checksum_type;
  }
}

// What the client wants the answer to say instead of what was stored.
template <typename Request, typename Output>
void WriteOverrides(const Request& request, Output& output) {
  if (request.response_cache_control) output.cache_control = request.response_cache_control;
  if (request.response_content_disposition) {
    output.content_disposition = request.response_content_disposition;
  }
  if (request.response_content_encoding) {
    output.content_encoding = request.response_content_encoding;
  }
  if (request.response_content_language) {
    output.content_language = request.response_content_language;
  }
  if (request.response_content_type) output.content_type = request.response_content_type;
  if (request.response_expires) output.expires = FormatHttpDate(*request.response_expires);
}

template <typename Request>
Result<void> CheckTarget(const Request& request, const wire::CallContext& context,
                         const storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid;
  if (auto valid = CheckVersion(request.key, request.version_id); !valid) return valid;
  return CheckEncryption({}, request.sse_customer_algorithm);
}

// Everything of the answer but the bytes, which the result tells.
template <typename Request, typename Output>
Result<ByteRange> Describe(const Request& request, const Source& object, wire::CallContext& context,
                           Output& output) {
  const storage::ObjectInfo& info = object.info;
  const ReadConditions conditions{.if_match = request.if_match,
                                  .if_none_match = request.if_none_match,
                                  .if_modified_since = request.if_modified_since,
                                  .if_unmodified_since = request.if_unmodified_since};
  if (auto go_on = CheckRead(conditions, info, context); !go_on) return go_on.error();
  const auto selection = Select(request, object);
  if (!selection) {
    if (selection.error().http_status == 416) {
      context.response_headers.Set("Content-Range", "bytes */" + std::to_string(info.size));
    }
    return selection.error();
  }

  output.accept_ranges = "bytes";
  output.e_tag = Quoted(info.etag);
  output.last_modified = info.modified;
  output.content_length = static_cast<std::int64_t>(selection->bytes.size);
  if (selection->partial) {
    context.response_status = kPartialContent;
    output.content_range = ContentRange(selection->bytes, info.size);
  }
  if (request.part_number && info.part_count > 0) {
    output.parts_count = static_cast<std::int64_t>(info.part_count);
  }
  WriteAttributes(info.attributes, output);
  WriteOverrides(request, output);
  WriteChecksum(request, object, selection->partial, output);
  return selection->bytes;
}

}  // namespace

Result<api::s3::GetObjectOutput> GetObject(const api::s3::GetObjectRequest& request,
                                           wire::CallContext& context,
                                           storage::ObjectStore& store) {
  if (auto valid = CheckTarget(request, context, store); !valid) return valid.error();
  const auto object = store.OpenForRead(request.bucket, request.key);
  if (!object) return object.error();
  api::s3::GetObjectOutput output;
  const auto bytes = Describe(request, {object->info(), object->segments()}, context, output);
  if (!bytes) return bytes.error();
  auto body = object->Read(bytes->offset, bytes->size);
  if (!body) return body.error();
  output.body = std::move(*body);
  return output;
}

Result<api::s3::HeadObjectOutput> HeadObject(const api::s3::HeadObjectRequest& request,
                                             wire::CallContext& context,
                                             storage::ObjectStore& store) {
  if (auto valid = CheckTarget(request, context, store); !valid) return valid.error();
  api::s3::HeadObjectOutput output;
  if (request.part_number) {
    const auto object = store.OpenForRead(request.bucket, request.key);
    if (!object) return object.error();
    const auto bytes = Describe(request, {object->info(), object->segments()}, context, output);
    if (!bytes) return bytes.error();
  } else {
    const auto object = store.FindObject(request.bucket, request.key);
    if (!object) return object.error();
    const auto bytes = Describe(request, {*object, {}}, context, output);
    if (!bytes) return bytes.error();
  }
  return output;
}

}  // namespace usher::s3
