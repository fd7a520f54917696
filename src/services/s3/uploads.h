// Rules that the operations of multipart uploads share.
//
// Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits".
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "services/s3/checksums.h"
#include "storage/object_store.h"

namespace usher::s3 {

inline constexpr std::int64_t kMaxPartNumber = 10'000;
inline constexpr std::uint64_t kMinPartBytes = std::uint64_t{5} << 20;  // but for the last part

// Errors: InvalidArgument.
Result<void> CheckPartNumber(std::int64_t number);

// The algorithm of an upload's parts.
[[nodiscard]] ChecksumAlgorithm AlgorithmOf(const storage::Upload& upload);

}  // namespace usher::s3
