#include "services/s3/uploads.h"

namespace usher::s3 {

Result<void> CheckPartNumber(std::int64_t number) {
  if (number >= 1 && number <= kMaxPartNumber) return {};
  return InvalidArgument("partNumber", std::to_string(number),
                         "Part number must be an integer between 1 and 10000, inclusive");
}

ChecksumAlgorithm AlgorithmOf(const storage::Upload& upload) {
  return wire::ParseChecksumName(upload.attributes.checksum_algorithm).value_or(kDefaultAlgorithm);
}

}  // namespace usher::s3
