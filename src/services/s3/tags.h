// Tags of buckets and objects.
//
// Source: Amazon S3 User Guide, "Categorizing your objects using tags": keys of 1 to 128 and values
//         of at most 256 characters, unique keys, at most 10 tags an object and 50 a bucket.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/object_store.h"
#include "wire/s3.h"

namespace usher::s3 {

inline constexpr std::size_t kMaxObjectTags = 10;
inline constexpr std::size_t kMaxBucketTags = 50;

// Errors: InvalidTag; BadRequest when there are too many.
Result<storage::StringMap> ReadTagSet(const std::vector<api::s3::Tag>& tags, std::size_t max_tags);
[[nodiscard]] std::vector<api::s3::Tag> WriteTagSet(const storage::StringMap& tags);

// The x-amz-tagging header: "key=value&key2=value2", form-encoded. Errors: InvalidArgument and
// those of ReadTagSet.
Result<storage::StringMap> ParseTagging(const std::optional<std::string>& header);

}  // namespace usher::s3
