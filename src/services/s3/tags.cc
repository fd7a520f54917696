#include "services/s3/tags.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "services/s3/errors.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMaxTagKey = 128;    // characters
constexpr std::size_t kMaxTagValue = 256;  // characters

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Error InvalidTag(std::string message, std::string_view key) {
  Error error = Named("InvalidTag", ErrorCode::kInvalidInput, std::move(message), 400);
  error.details = {{"TagKey", std::string(key)}};
  return error;
}

}  // namespace

Result<storage::StringMap> ReadTagSet(const std::vector<api::s3::Tag>& tags, std::size_t max_tags) {
  if (tags.size() > max_tags) {
    return Named("BadRequest", ErrorCode::kInvalidInput,
                 (max_tags == kMaxObjectTags ? "Object" : "Bucket") +
                     std::string(" tags cannot be greater than ") + std::to_string(max_tags),
                 400);
  }
  storage::StringMap result;
  for (const auto& [key, value] : tags) {
    if (key.empty() || Characters(key) > kMaxTagKey || !IsUtf8(key)) {
      return InvalidTag("The TagKey you have provided is invalid", key.substr(0, kMaxTagKey));
    }
    if (Characters(value) > kMaxTagValue || !IsUtf8(value)) {
      return InvalidTag("The TagValue you have provided is invalid", key);
    }
    if (AsciiLower(key).starts_with("aws:")) {
      return InvalidTag("System tags cannot be added/updated by requester", key);
    }
    if (!result.emplace(key, value).second) {
      return InvalidTag("Cannot provide multiple Tags with the same key", key);
    }
  }
  return result;
}

std::vector<api::s3::Tag> WriteTagSet(const storage::StringMap& tags) {
  std::vector<api::s3::Tag> result;
  for (const auto& [key, value] : tags) result.push_back({.key = key, .value = value});
  return result;
}

Result<storage::StringMap> ParseTagging(const std::optional<std::string>& header) {
  if (!header || header->empty()) return storage::StringMap();
  std::vector<api::s3::Tag> tags;
  for (const std::string_view pair : Split(*header, '&')) {
    const std::size_t equals = pair.find('=');
    const auto key = PercentDecode(pair.substr(0, equals), /*plus_is_space=*/true);
    const auto value = PercentDecode(
        equals == std::string_view::npos ? "" : pair.substr(equals + 1), /*plus_is_space=*/true);
    if (!key || !value) {
      return InvalidArgument("x-amz-tagging", *header,
                             "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
                             "URL query parameters without tag name duplicates.");
    }
    tags.push_back({.key = *key, .value = *value});
  }
  return ReadTagSet(tags, kMaxObjectTags);
}

}  // namespace usher::s3
