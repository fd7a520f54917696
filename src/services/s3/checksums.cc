#include "services/s3/checksums.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMd5Bytes = 16;

Error BadDigest(std::string_view algorithm) {
  return Named(
      "BadDigest", ErrorCode::kInvalidInput,
      "The " + std::string(algorithm) + " you specified did not match the calculated checksum.",
      400);
}

}  // namespace

Result<std::optional<ChecksumAlgorithm>> ParseAlgorithm(const std::optional<std::string>& name) {
  if (!name) return std::optional<ChecksumAlgorithm>();
  const auto algorithm = wire::ParseChecksumName(*name);
  if (!algorithm) {
    return InvalidRequest(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  }
  return algorithm;
}

Result<ChecksumDemand> MakeDemand(const Result<std::optional<NamedChecksum>>& stated,
                                  const std::optional<std::string>& algorithm_name) {
  if (!stated) return stated.error();
  const auto named = ParseAlgorithm(algorithm_name);
  if (!named) return named.error();
  if (!*stated) return ChecksumDemand{.algorithm = named->value_or(kDefaultAlgorithm)};

  const auto& [algorithm, value] = **stated;
  if (*named && **named != algorithm) {
    return InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
  const auto raw = Base64Decode(value);
  if (!raw || raw->size() != wire::ChecksumSize(algorithm)) {
    return InvalidRequest("Value for " + std::string(wire::ChecksumHeader(algorithm)) +
                          " header is invalid.");
  }
  return ChecksumDemand{.algorithm = algorithm, .expected = value};
}

Result<void> CheckSame(const NamedChecksum& expected, std::string_view computed) {
  if (expected.value != computed) return BadDigest(wire::ChecksumName(expected.algorithm));
  return {};
}

Result<void> CheckContentMd5(const std::optional<std::string>& header, std::string_view md5) {
  if (!header) return {};
  const auto raw = Base64Decode(*header);
  if (!raw || raw->size() != kMd5Bytes) {
    return Named("InvalidDigest", ErrorCode::kInvalidInput,
                 "The Content-MD5 you specified was invalid.", 400);
  }
  if (HexEncode(*raw) != md5) {
    Error error = Named("BadDigest", ErrorCode::kInvalidInput,
                        "The Content-MD5 you specified did not match what we received.", 400);
    error.details = {{"ExpectedDigest", HexEncode(*raw)}, {"CalculatedDigest", std::string(md5)}};
    return error;
  }
  return {};
}

ChecksummedSource::ChecksummedSource(ByteSource& source, std::vector<ChecksumAlgorithm> algorithms)
    : source_(source) {
  for (const ChecksumAlgorithm algorithm : algorithms) checksums_.emplace_back(algorithm);
}

Result<std::size_t> ChecksummedSource::Read(std::span<char> buffer) {
  auto got = source_.Read(buffer);
  if (got && *got > 0) {
    for (wire::Checksum& checksum : checksums_) checksum.Update({buffer.data(), *got});
  }
  return got;
}

std::string ChecksummedSource::Finish(ChecksumAlgorithm algorithm) {
  const auto found = std::ranges::find(checksums_, algorithm, &wire::Checksum::algorithm);
  Check(found != checksums_.end(), "the checksum was asked for at the start");
  return found->FinishBase64();
}

std::string ChecksumOfParts(ChecksumAlgorithm algorithm, std::string_view type,
                            const std::vector<storage::UploadPart>& parts) {
  std::string whole;       // FULL_OBJECT: of the parts so far
  std::string all_values;  // COMPOSITE: the parts' checksums in a row
  for (const storage::UploadPart& part : parts) {
    const auto raw = Base64Decode(part.segment.checksum);
    if (!raw || raw->size() != wire::ChecksumSize(algorithm)) return {};
    all_values += *raw;
    if (type == kFullObject) {
      whole =
          whole.empty() ? *raw : wire::CombineCrc(algorithm, whole, *raw, part.segment.file.size);
    }
  }
  if (type == kFullObject) return Base64Encode(whole);
  wire::Checksum of_values(algorithm);
  of_values.Update(all_values);
  return of_values.FinishBase64() + "-" + std::to_string(parts.size());
}

}  // namespace usher::s3
