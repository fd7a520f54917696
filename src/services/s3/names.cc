#include "services/s3/names.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMinBucketName = 3;
constexpr std::size_t kMaxBucketName = 63;
// Prefixes and suffixes that S3 keeps for access points and other kinds of bucket.
constexpr std::string_view kReservedPrefixes[] = {"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::string_view kReservedSuffixes[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3",
                                                  "--table-s3"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || IsDigit(c); }

// Four numbers with dots between them.
bool LooksLikeAnAddress(std::string_view name) {
  const auto parts = Split(name, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && part.size() <= 3 && std::ranges::all_of(part, IsDigit);
         });
}

bool IsBucketName(std::string_view name) {
  if (name.size() < kMinBucketName || name.size() > kMaxBucketName) return false;
  if (!IsLetterOrDigit(name.front()) || !IsLetterOrDigit(name.back())) return false;
  if (!std::ranges::all_of(name,
                           [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '.'; })) {
    return false;
  }
  if (name.find("..") != std::string_view::npos || LooksLikeAnAddress(name)) return false;
  return std::ranges::none_of(kReservedPrefixes,
                              [&](std::string_view end) { return name.starts_with(end); }) &&
         std::ranges::none_of(kReservedSuffixes,
                              [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

Result<void> CheckBucketName(std::string_view name) {
  if (IsBucketName(name)) return {};
  Error error = Named("InvalidBucketName", ErrorCode::kInvalidInput,
                      "The specified bucket is not valid: a name has 3 to 63 lower-case letters, "
                      "digits, dots and hyphens, begins and ends with a letter or digit, and is no "
                      "IP address.",
                      400);
  error.details = {{"BucketName", std::string(name)}};
  return error;
}

Result<void> CheckKey(std::string_view key) {
  if (key.size() > kMaxKeyBytes) {
    Error error = Named("KeyTooLongError", ErrorCode::kInvalidInput, "Your key is too long", 400);
    error.details = {{"Size", std::to_string(key.size())},
                     {"MaxSizeAllowed", std::to_string(kMaxKeyBytes)}};
    return error;
  }
  if (!IsUtf8(key) || key.find('\0') != std::string_view::npos) {
    return Named("InvalidURI", ErrorCode::kInvalidInput,
                 "Couldn't parse the specified URI: a key is UTF-8 text without NUL.", 400);
  }
  return {};
}

}  // namespace usher::s3
