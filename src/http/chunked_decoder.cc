#include "http/chunked_decoder.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace usher::http {
namespace {

Error Broken(std::string_view what) {
  return Named("InvalidRequest", ErrorCode::kInvalidInput,
               "the chunked body is broken: " + std::string(what), 400);
}

// -1 when `c` is no hex digit.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::Decode(std::string_view in, std::span<char> out) {
  Step step;
  while (step.consumed < in.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const std::size_t room = std::min(in.size() - step.consumed, out.size() - step.produced);
      if (room == 0) return step;
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(room, chunk_left_));
      std::memcpy(out.data() + step.produced, in.data() + step.consumed, count);
      step.consumed += count;
      step.produced += count;
      chunk_left_ -= count;
      if (chunk_left_ == 0) state_ = State::kDataCr;
      continue;
    }
    if (const auto taken = TakeByte(in[step.consumed]); !taken) return taken.error();
    ++step.consumed;
  }
  return step;
}

Result<void> ChunkedDecoder::TakeByte(char c) {
  switch (state_) {
    case State::kSize: {
      const int digit = HexDigit(c);
      if (digit >= 0) {
        // 15 digits cannot overflow 64 bits.
        if (++size_digits_ > 15) return Broken("a chunk's size has too many digits");
        chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(digit);
        return {};
      }
      if (size_digits_ == 0) return Broken("a chunk's size is not a hexadecimal number");
      if (c == '\r') {
        state_ = State::kSizeLf;
      } else if (c == ';' || c == ' ' || c == '\t') {
        state_ = State::kExtension;
      } else {
        return Broken("a chunk's size is not a hexadecimal number");
      }
      return {};
    }
    case State::kExtension:
      if (++line_bytes_ > kMaxChunkLineBytes) return Broken("a chunk extension is too long");
      if (c == '\r') {
        state_ = State::kSizeLf;
      } else if (IsControl(c)) {
        return Broken("a chunk extension has a control character");
      }
      return {};
    case State::kSizeLf:
      if (c != '\n') return Broken("a chunk's size does not end in CRLF");
      return BeginChunk();
    case State::kDataCr:
      if (c != '\r') return Broken("a chunk is longer than its size");
      state_ = State::kDataLf;
      return {};
    case State::kDataLf:
      if (c != '\n') return Broken("a chunk does not end in CRLF");
      state_ = State::kSize;
      chunk_left_ = size_digits_ = line_bytes_ = 0;
      return {};
    case State::kTrailer:
      if (++trailer_bytes_ > kMaxTrailerBytes) return Broken("the trailer is too long");
      if (trailer_cr_) {
        if (c != '\n') return Broken("a trailer field does not end in CRLF");
        trailer_cr_ = false;
        if (line_bytes_ == 0) state_ = State::kDone;
        line_bytes_ = 0;
      } else if (c == '\r') {
        trailer_cr_ = true;
      } else if (IsControl(c)) {
        return Broken("a trailer field has a control character");
      } else {
        ++line_bytes_;
      }
      return {};
    case State::kData:
    case State::kDone:
      break;
  }
  Check(false, "bytes of data and after the end are not taken one by one");
  return {};
}

Result<void> ChunkedDecoder::BeginChunk() {
  if (chunk_left_ == 0) {
    state_ = State::kTrailer;
    line_bytes_ = 0;
    return {};
  }
  if (chunk_left_ > body_bytes_left_) {
    return Named("EntityTooLarge", ErrorCode::kInvalidInput,
                 "the body is larger than this server accepts", 413);
  }
  body_bytes_left_ -= chunk_left_;
  state_ = State::kData;
  return {};
}

}  // namespace usher::http
