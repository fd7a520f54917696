// Takes the chunks of a Transfer-Encoding: chunked body apart (RFC 9112 section 7.1). Chunk
// extensions and trailer fields are read and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace usher::http {

inline constexpr std::size_t kMaxChunkLineBytes = 1024;    // size and extensions of a chunk; 400
inline constexpr std::size_t kMaxTrailerBytes = 8U << 10;  // fields after the last chunk; 400

class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::uint64_t max_body_bytes) : body_bytes_left_(max_body_bytes) {}

  struct Step {
    std::size_t consumed = 0;  // bytes of `in` that are used up
    std::size_t produced = 0;  // bytes of `out` that are filled
  };
  // Goes on until `in` is used up, `out` is full or the body has ended; bytes after the end are not
  // consumed. Errors: a broken chunk (status 400), a body over the limit (413).
  Result<Step> Decode(std::string_view in, std::span<char> out);
  [[nodiscard]] bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kSize, kExtension, kSizeLf, kData, kDataCr, kDataLf, kTrailer, kDone };
  Result<void> TakeByte(char c);
  Result<void> BeginChunk();

  State state_ = State::kSize;
  std::uint64_t chunk_left_ = 0;
  std::uint64_t body_bytes_left_;
  std::size_t line_bytes_ = 0;  // of the chunk line, or of the trailer line
  std::size_t size_digits_ = 0;
  std::size_t trailer_bytes_ = 0;  // of the whole trailer
  bool trailer_cr_ = false;
};

}  // namespace usher::http
