// The body of a request as its signature promises it: checks while it streams, in constant memory.
//
// x-amz-content-sha256 says which promise: a hash, nothing, or aws-chunked framing with signed
// chunks and with checksum trailers. The framing is removed, so that readers see the object's
// bytes. As everywhere, bytes are only good once Read has given 0: then hash, chunk signatures,
// decoded length and trailer checksums have all held.
//
// Source:  Amazon S3 API Reference, "Signature Calculations: Transferring Payload in Multiple
//          Chunks" and "… Including Trailing Headers".
// Cost:    one pass; 64 KiB of memory whatever the size of body and chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/value.h"
#include "wire/http_message.h"
#include "wire/sigv4.h"

namespace usher::wire {

inline constexpr std::size_t kMaxChunkLineBytes = 256;  // "10000;chunk-signature=…"
inline constexpr std::size_t kMaxTrailerLineBytes = 1024;
inline constexpr std::size_t kMaxTrailers = 8;
inline constexpr std::uint64_t kMaxDecodedBytes = 5ULL << 40;  // 5 TiB, the largest object

// A decoded body; its trailers are there once Read has given 0.
class PayloadSource : public ByteSource {
 public:
  [[nodiscard]] virtual const Headers& trailers() const = 0;
};

// request.body as `verified` promises it. Errors at once: x-amz-decoded-content-length missing or
// malformed, x-amz-trailer unknown. Errors while reading: XAmzContentSHA256Mismatch,
// SignatureDoesNotMatch, IncompleteBody, BadDigest, MalformedTrailerError, InvalidRequest.
Result<Stream> DecodePayload(const HttpRequest& request, const sigv4::Verified& verified);

// The same for a server that verifies no signatures and for anonymous callers: framing, lengths,
// hash and checksums are still held, chunk signatures are not looked at.
Result<Stream> DecodeUnsignedPayload(const HttpRequest& request);

}  // namespace usher::wire
