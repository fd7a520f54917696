#include "services/personalize/s3_uri.h"

namespace usher::personalize {

Result<S3Uri> ParseS3Uri(std::string_view uri, std::string_view complaint) {
  constexpr std::string_view scheme = "s3://";
  const Error invalid = InvalidInput(std::string(complaint) + ": '" + std::string(uri) +
                                     "'; expected s3://bucket/key or s3://bucket/folder/");
  if (!uri.starts_with(scheme)) return invalid;
  uri.remove_prefix(scheme.size());
  const std::size_t slash = uri.find('/');
  S3Uri parts{.bucket = std::string(uri.substr(0, slash)),
              .key = slash == std::string_view::npos ? "" : std::string(uri.substr(slash + 1))};
  if (parts.bucket.empty()) return invalid;
  return parts;
}

}  // namespace usher::personalize
