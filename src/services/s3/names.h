// What buckets and objects may be called.
//
// Source: Amazon S3 User Guide, "General purpose bucket naming rules" and "Naming Amazon S3
//         objects".
#pragma once

#include <string_view>

#include "base/result.h"

namespace usher::s3 {

inline constexpr std::size_t kMaxKeyBytes = 1024;

// Errors: InvalidBucketName.
Result<void> CheckBucketName(std::string_view name);
// Errors: KeyTooLongError; InvalidURI for what is no text that an XML answer could carry.
Result<void> CheckKey(std::string_view key);

}  // namespace usher::s3
