#include "services/s3/stage.h"

#include "wire/payload.h"

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
    staged.checksums.emplace(algorithm, checksummed.Finish(algorithm));
  }
  return staged;
}

std::optional<NamedChecksum> TrailingChecksum(const Stream& body) {
  const auto* payload = dynamic_cast<const wire::PayloadSource*>(body.get());
  if (!payload) return std::nullopt;
  for (const auto& [name, value] : payload->trailers()) {
    if (const auto algorithm = wire::ParseChecksumHeader(name)) {
      return NamedChecksum{*algorithm, value};
    }
  }
  return std::nullopt;
}

}  // namespace usher::s3
