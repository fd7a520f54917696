#include "services/s3/stage.h"

namespace usher::s3 {

Result<Staged> StageSource(ByteSource& source, const std::string& bucket, const std::string& key,
                           std::vector<ChecksumAlgorithm> algorithms,
                           const storage::ObjectStore& store) {
  ChecksummedSource checksummed(source, algorithms);
  auto file = store.Stage(checksummed, bucket, key, kMaxPutBytes);
  if (!file) {
    const bool own =
        file.error().code == ErrorCode::kLimitExceeded && file.error().wire_name.empty();
    return own ? EntityTooLarge(kMaxPutBytes) : std::move(file).error();
  }
  Staged staged{.file = std::move(*file), .checksums = {}};
  for (const ChecksumAlgorithm algorithm : algorithms) {
    if (!staged.checksums.contains(algorithm)) {
      staged.checksums.emplace(algorithm, checksummed.Finish(algorithm));
    }
  }
  return staged;
}

}  // namespace usher::s3
