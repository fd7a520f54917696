// The body of a request as a file, with what it promises held to: before anything can see it.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/s3/checksums.h"
#include "storage/object_store.h"

namespace usher::s3 {

inline constexpr std::uint64_t kMaxPutBytes = std::uint64_t{5} << 30;     // one put, one part
inline constexpr std::uint64_t kMaxObjectBytes = std::uint64_t{5} << 40;  // of many parts

struct Staged {
  storage::StagedFile file;
  std::map<ChecksumAlgorithm, std::string> checksums;  // base64; of each algorithm asked for
};

// Reads the source to its end. Errors: the source's own, EntityTooLarge.
Result<Staged> StageSource(ByteSource& source, const std::string& bucket, const std::string& key,
                           std::vector<ChecksumAlgorithm> algorithms,
                           const storage::ObjectStore& store);

// The checksum that came behind the bytes, once they are read; the body has held them to it.
// nullopt when none did.
std::optional<NamedChecksum> TrailingChecksum(const Stream& body);

// The body of PutObject or UploadPart, with the checksum demanded and any `others`. Errors: also
// BadDigest, InvalidDigest, IncompleteBody.
template <typename Request>
Result<Staged> StageBody(const Request& request, const ChecksumDemand& demand,
                         const storage::ObjectStore& store,
                         std::vector<ChecksumAlgorithm> others = {}) {
  StringSource nothing("");
  if (std::ranges::find(others, demand.algorithm) == others.end()) {
    others.push_back(demand.algorithm);
  }
  auto staged = StageSource(request.body ? *request.body : nothing, request.bucket, request.key,
                            std::move(others), store);
  if (!staged) return staged;
  if (demand.expected) {
    const NamedChecksum expected{demand.algorithm, *demand.expected};
    if (auto same = CheckSame(expected, staged->checksums.at(demand.algorithm)); !same) {
      return same.error();
    }
  }
  if (auto same = CheckContentMd5(request.content_md5, staged->file.md5()); !same) {
    return same.error();
  }
  return staged;
}

}  // namespace usher::s3
