// What is kept of the request that creates an object, and given back with it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/s3/tags.h"
#include "storage/object_store.h"

namespace usher::s3 {

inline constexpr std::size_t kMaxMetadataBytes = 2048;  // names and values of the user's own
inline constexpr std::size_t kMaxHeaderBytes = 8192;    // all others together
inline constexpr std::string_view kDefaultContentType = "binary/octet-stream";
inline constexpr std::string_view kStandardStorage = "STANDARD";

// Names in ObjectAttributes::system.
inline constexpr const char* kCacheControl = "cache-control";
inline constexpr const char* kContentDisposition = "content-disposition";
inline constexpr const char* kContentEncoding = "content-encoding";
inline constexpr const char* kContentLanguage = "content-language";
inline constexpr const char* kContentType = "content-type";
inline constexpr const char* kExpires = "expires";
inline constexpr const char* kWebsiteRedirect = "website-redirect-location";
inline constexpr const char* kStorageClass = "storage-class";

// Errors: MetadataTooLarge; InvalidArgument for what is no UTF-8 text.
Result<void> CheckAttributes(const storage::ObjectAttributes& attributes);
// Without "aws-chunked", which is of the transfer and not of the object.
[[nodiscard]] std::string WithoutTransferCoding(std::string_view content_encoding);

// Headers and metadata, without tags and checksum.
template <typename Request>
Result<storage::ObjectAttributes> ReadAttributes(const Request& request) {
  storage::ObjectAttributes attributes;
  const auto keep = [&](const char* name, const auto& value) {
    if (value && !value->empty()) attributes.system.emplace(name, *value);
  };
  keep(kCacheControl, request.cache_control);
  keep(kContentDisposition, request.content_disposition);
  keep(kContentLanguage, request.content_language);
  keep(kContentType, request.content_type);
  keep(kExpires, request.expires);
  keep(kWebsiteRedirect, request.website_redirect_location);
  attributes.system.emplace(kContentType, kDefaultContentType);  // unless there is one
  if (request.content_encoding) {
    std::string coding = WithoutTransferCoding(*request.content_encoding);
    if (!coding.empty()) attributes.system.emplace(kContentEncoding, std::move(coding));
  }
  if (request.storage_class && *request.storage_class != kStandardStorage) {
    attributes.system.emplace(kStorageClass, *request.storage_class);
  }
  if (request.metadata) attributes.metadata = *request.metadata;
  if (auto valid = CheckAttributes(attributes); !valid) return valid.error();
  return attributes;
}

// The same with the tags of x-amz-tagging.
template <typename Request>
Result<storage::ObjectAttributes> ReadAttributesWithTags(const Request& request) {
  auto attributes = ReadAttributes(request);
  if (!attributes) return attributes;
  auto tags = ParseTagging(request.tagging);
  if (!tags) return tags.error();
  attributes->tags = std::move(*tags);
  return attributes;
}

// Into the answer of GetObject or HeadObject.
template <typename Output>
void WriteAttributes(const storage::ObjectAttributes& attributes, Output& output) {
  const auto give = [&](const char* name, std::optional<std::string>& member) {
    if (const auto found = attributes.system.find(name); found != attributes.system.end()) {
      member = found->second;
    }
  };
  give(kCacheControl, output.cache_control);
  give(kContentDisposition, output.content_disposition);
  give(kContentEncoding, output.content_encoding);
  give(kContentLanguage, output.content_language);
  give(kContentType, output.content_type);
  give(kExpires, output.expires);
  give(kWebsiteRedirect, output.website_redirect_location);
  give(kStorageClass, output.storage_class);
  if (!attributes.metadata.empty()) output.metadata = attributes.metadata;
  if (!attributes.tags.empty()) {
    output.tag_count = static_cast<std::int64_t>(attributes.tags.size());
  }
}

// As listings name it.
[[nodiscard]] std::string StorageClassOf(const storage::ObjectAttributes& attributes);

}  // namespace usher::s3
