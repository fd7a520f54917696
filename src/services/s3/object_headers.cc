#include "services/s3/object_headers.h"

#include "base/text.h"
#include "services/s3/errors.h"

namespace usher::s3 {

Result<void> CheckAttributes(const storage::ObjectAttributes& attributes) {
  std::size_t metadata_bytes = 0;
  for (const auto& [name, value] : attributes.metadata) {
    if (!IsUtf8(name) || !IsUtf8(value)) {
      return InvalidArgument("x-amz-meta-" + name, "", "User metadata must be UTF-8 text.");
    }
    metadata_bytes += name.size() + value.size();
  }
  if (metadata_bytes > kMaxMetadataBytes) {
    Error error = Named("MetadataTooLarge", ErrorCode::kInvalidInput,
                        "Your metadata headers exceed the maximum allowed metadata size", 400);
    error.details = {{"Size", std::to_string(metadata_bytes)},
                     {"MaxSizeAllowed", std::to_string(kMaxMetadataBytes)}};
    return error;
  }

  std::size_t header_bytes = 0;
  for (const auto& [name, value] : attributes.system) {
    if (!IsUtf8(value)) return InvalidArgument(name, "", "A header must be UTF-8 text.");
    header_bytes += name.size() + value.size();
  }
  if (header_bytes > kMaxHeaderBytes) {
    return Named("RequestHeaderSectionTooLarge", ErrorCode::kInvalidInput,
                 "Your request header section exceeds the maximum allowed request header section "
                 "size.",
                 400);
  }
  return {};
}

std::string WithoutTransferCoding(std::string_view content_encoding) {
  std::string kept;
  for (const std::string_view part : Split(content_encoding, ',')) {
    const std::string_view coding = Trim(part);
    if (coding.empty() || EqualsIgnoreCase(coding, "aws-chunked")) continue;
    if (!kept.empty()) kept += ", ";
    kept += coding;
  }
  return kept;
}

std::string StorageClassOf(const storage::ObjectAttributes& attributes) {
  const auto found = attributes.system.find(kStorageClass);
  return found == attributes.system.end() ? std::string(kStandardStorage) : found->second;
}

}  // namespace usher::s3
