#include "wire/body_checksums.h"

#include <string>

#include "base/encoding.h"
#include "base/text.h"
#include "wire/checksum.h"
#include "wire/digest.h"

namespace usher::wire {
namespace {

constexpr std::size_t kMd5Bytes = 16;

Error Bad(std::string_view name, std::string message) {
  return Named(name, ErrorCode::kInvalidInput, std::move(message), 400);
}

Result<void> CheckMd5(std::string_view value, std::string_view body) {
  const auto given = Base64Decode(Trim(value));
  if (!given || given->size() != kMd5Bytes) {
    return Bad("InvalidDigest", "The Content-MD5 you specified was invalid.");
  }
  Digest digest(Digest::Kind::kMd5);
  digest.Update(body);
  if (digest.Finish() != *given) {
    return Bad("BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  return {};
}

Result<void> CheckChecksum(ChecksumAlgorithm algorithm, std::string_view value,
                           std::string_view body) {
  const auto given = Base64Decode(Trim(value));
  if (!given || given->size() != ChecksumSize(algorithm)) {
    return Bad("InvalidRequest",
               "Value for " + std::string(ChecksumHeader(algorithm)) + " header is invalid.");
  }
  Checksum checksum(algorithm);
  checksum.Update(body);
  if (checksum.Finish() != *given) {
    return Bad("BadDigest", "The " + std::string(ChecksumName(algorithm)) +
                                " you specified did not match the calculated checksum.");
  }
  return {};
}

}  // namespace

Result<void> CheckContentMd5(const Headers& headers, std::string_view body) {
  const std::string* value = headers.Find("Content-MD5");
  return value ? CheckMd5(*value, body) : Result<void>();
}

Result<void> CheckChecksumHeaders(const Headers& headers, std::string_view body) {
  for (const auto& [name, value] : headers) {
    const auto algorithm = ParseChecksumHeader(name);
    if (!algorithm) continue;
    if (auto checked = CheckChecksum(*algorithm, value, body); !checked) return checked;
  }
  return {};
}

}  // namespace usher::wire
