// s3://bucket/key of the service's requests. Keys are opaque: nothing in them is collapsed or
// decoded.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::personalize {

struct S3Uri {
  std::string bucket;
  std::string key;  // may be empty: the whole bucket as a prefix
};

// Errors: invalid input with `complaint`, as the service words it ("Invalid S3 input path").
Result<S3Uri> ParseS3Uri(std::string_view uri, std::string_view complaint);

// A key that stands for a folder: empty or ending in '/'.
[[nodiscard]] inline bool IsFolder(std::string_view key) {
  return key.empty() || key.ends_with('/');
}

}  // namespace usher::personalize
