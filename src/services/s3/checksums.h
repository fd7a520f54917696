// The checksums that clients send with bytes and ask back: of whole objects, of parts, and of
// objects made of parts.
//
// Source: Amazon S3 User Guide, "Checking object integrity in Amazon S3": one algorithm an object;
//         CRC64NVME where the client names none; an upload's checksum is either of all bytes
//         (FULL_OBJECT, CRCs only) or of its parts' checksums (COMPOSITE, "<checksum>-<parts>").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "services/s3/errors.h"
#include "storage/object_store.h"
#include "wire/checksum.h"

namespace usher::s3 {

using wire::ChecksumAlgorithm;

inline constexpr ChecksumAlgorithm kDefaultAlgorithm = ChecksumAlgorithm::kCrc64Nvme;
inline constexpr ChecksumAlgorithm kAllAlgorithms[] = {
    ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c, ChecksumAlgorithm::kCrc64Nvme,
    ChecksumAlgorithm::kSha1, ChecksumAlgorithm::kSha256};
inline constexpr std::string_view kFullObject = "FULL_OBJECT";
inline constexpr std::string_view kComposite = "COMPOSITE";

// The member of a generated structure that holds this algorithm's value.
template <typename Shape>
auto& ChecksumMember(Shape& shape, ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::kCrc32:
      return shape.checksum_crc32;
    case ChecksumAlgorithm::kCrc32c:
      return shape.checksum_crc32_c;
    case ChecksumAlgorithm::kCrc64Nvme:
      return shape.checksum_crc64_nvme;
    case ChecksumAlgorithm::kSha1:
      return shape.checksum_sha1;
    case ChecksumAlgorithm::kSha256:
      break;
  }
  return shape.checksum_sha256;
}

// Sets the member, when the object or part has a checksum of a known algorithm.
template <typename Shape>
void SetChecksum(Shape& shape, std::string_view algorithm_name, const std::string& value) {
  const auto algorithm = wire::ParseChecksumName(algorithm_name);
  if (algorithm && !value.empty()) ChecksumMember(shape, *algorithm) = value;
}

struct NamedChecksum {
  ChecksumAlgorithm algorithm;
  std::string value;  // base64
};

// The checksum that a request states of what it carries; nullopt when it states none. Errors:
// InvalidRequest for two of them, for an algorithm unknown here and for a value of the wrong size.
template <typename Shape>
Result<std::optional<NamedChecksum>> StatedChecksum(const Shape& shape) {
  if (shape.checksum_sha512 || shape.checksum_md5 || shape.checksum_xxhash64 ||
      shape.checksum_xxhash3 || shape.checksum_xxhash128) {
    return InvalidRequest(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  }
  std::optional<NamedChecksum> stated;
  for (const ChecksumAlgorithm algorithm : kAllAlgorithms) {
    const auto& value = ChecksumMember(shape, algorithm);
    if (!value) continue;
    if (stated) {
      return InvalidRequest(
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    stated = NamedChecksum{algorithm, *value};
  }
  return stated;
}

// An algorithm that a request names. Errors: InvalidRequest when it is unknown here.
Result<std::optional<ChecksumAlgorithm>> ParseAlgorithm(const std::optional<std::string>& name);

// What to compute of the bytes of a request, and what it must be.
struct ChecksumDemand {
  ChecksumAlgorithm algorithm = kDefaultAlgorithm;
  std::optional<std::string> expected;  // base64
};
Result<ChecksumDemand> MakeDemand(const Result<std::optional<NamedChecksum>>& stated,
                                  const std::optional<std::string>& algorithm_name);

// Errors: BadDigest.
Result<void> CheckSame(const NamedChecksum& expected, std::string_view computed);
// The Content-MD5 header against the MD5 (hex) of what came. Errors: InvalidDigest, BadDigest.
Result<void> CheckContentMd5(const std::optional<std::string>& header, std::string_view md5);

// Passes bytes through and takes their checksums on the way.
class ChecksummedSource final : public ByteSource {
 public:
  ChecksummedSource(ByteSource& source, std::vector<ChecksumAlgorithm> algorithms);
  Result<std::size_t> Read(std::span<char> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return source_.size(); }
  // Base64, after the end; once for each algorithm.
  [[nodiscard]] std::string Finish(ChecksumAlgorithm algorithm);

 private:
  ByteSource& source_;
  std::vector<wire::Checksum> checksums_;
};

// The checksum of an object made of these parts, as `type` says. Empty when a part has none.
[[nodiscard]] std::string ChecksumOfParts(ChecksumAlgorithm algorithm, std::string_view type,
                                          const std::vector<storage::UploadPart>& parts);

}  // namespace usher::s3
