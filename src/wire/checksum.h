// The five checksums that S3 clients send with an object's bytes, taken in parts.
//
// Source:  CRC-32 (ISO-HDLC), CRC-32C (Castagnoli), CRC-64/NVME: polynomials and check values of
//          the RevEng catalogue; SHA-1, SHA-256: FIPS 180-4.
// Cost:    over 1 GB/s each on a processor with SSE4.2 and SHA instructions (checksum_bench.cc).
// Threads: each object by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/digest.h"

namespace usher::wire {

enum class ChecksumAlgorithm { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };

// As S3 names them: "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256".
[[nodiscard]] std::string_view ChecksumName(ChecksumAlgorithm algorithm);
[[nodiscard]] std::optional<ChecksumAlgorithm> ParseChecksumName(std::string_view name);
// Its header and trailer: "x-amz-checksum-crc32" …; compared without case.
[[nodiscard]] std::string_view ChecksumHeader(ChecksumAlgorithm algorithm);
[[nodiscard]] std::optional<ChecksumAlgorithm> ParseChecksumHeader(std::string_view header);
// Bytes in the raw value: 4, 4, 8, 20, 32.
[[nodiscard]] std::size_t ChecksumSize(ChecksumAlgorithm algorithm);

class Checksum {
 public:
  explicit Checksum(ChecksumAlgorithm algorithm);

  void Update(std::string_view bytes);
  // Raw bytes, CRCs big-endian; ends the object's use.
  [[nodiscard]] std::string Finish();
  // As headers carry it.
  [[nodiscard]] std::string FinishBase64();
  [[nodiscard]] ChecksumAlgorithm algorithm() const { return algorithm_; }

 private:
  ChecksumAlgorithm algorithm_;
  std::uint64_t crc_ = 0;
  std::optional<Digest> digest_;
};

// Continue from `crc`, 0 at the start.
[[nodiscard]] std::uint32_t Crc32(std::uint32_t crc, std::string_view bytes);
[[nodiscard]] std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes);
[[nodiscard]] std::uint64_t Crc64Nvme(std::uint64_t crc, std::string_view bytes);

// The CRC of A followed by B from the raw checksums of A and of B and the size of B: how a
// multipart upload's whole-object checksum comes from its parts. Only for the three CRCs.
[[nodiscard]] std::string CombineCrc(ChecksumAlgorithm algorithm, std::string_view first,
                                     std::string_view second, std::uint64_t second_size);

}  // namespace usher::wire
