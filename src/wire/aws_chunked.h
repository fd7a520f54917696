// The aws-chunked framing of a body: removed, with chunk signatures, length and trailing checksums
// held to what was announced.
//
//   10000;chunk-signature=<64 hex>CRLF <65536 bytes> CRLF        each chunk
//   0;chunk-signature=<64 hex>CRLF                               the last one
//   x-amz-checksum-crc32c:<base64>CRLF                           with trailer
//   x-amz-trailer-signature:<64 hex>CRLF                         with trailer and signatures
//   CRLF
//
// Source:  Amazon S3 API Reference, as payload.h.
// Errors:  IncompleteBody when the bytes end early or are not as many as announced; InvalidRequest
//          for malformed framing; SignatureDoesNotMatch; MalformedTrailerError; BadDigest.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/checksum.h"
#include "wire/payload.h"
#include "wire/sigv4.h"

namespace usher::wire {

// The chain of chunk signatures: each covers the one before, the first the request's own.
class ChunkSigner {
 public:
  explicit ChunkSigner(const sigv4::Verified& seed);
  ChunkSigner(std::string signing_key, std::string timestamp, std::string scope,
              std::string seed_signature);

  // The signature of the next chunk, whose SHA-256 is `chunk_sha256` (hex).
  [[nodiscard]] std::string Next(std::string_view chunk_sha256);
  // The signature of the trailer; `canonical` is "name:value\n" for each field.
  [[nodiscard]] std::string Trailer(std::string_view canonical);

 private:
  std::string signing_key_;
  std::string timestamp_;
  std::string scope_;
  std::string previous_;
};

struct AwsChunkedPlan {
  std::uint64_t decoded_length = 0;
  bool signed_chunks = false;  // chunks carry signatures
  bool has_trailer = false;
  std::vector<ChecksumAlgorithm> trailers;  // announced; each must come, and no other
  std::optional<ChunkSigner> signer;        // nullopt: signatures are not looked at
};

std::shared_ptr<PayloadSource> MakeAwsChunkedSource(Stream body, AwsChunkedPlan plan);

}  // namespace usher::wire
