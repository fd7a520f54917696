#include "server/request_body.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace usher::server {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;

Error Incomplete() {
  return Named("IncompleteBody", ErrorCode::kInvalidInput,
               "the connection ended before the whole body had arrived", 400);
}

}  // namespace

RequestBody::RequestBody(SocketStream& stream, const http::RequestHead& head,
                         const HttpLimits& limits)
    : stream_(&stream),
      drain_bytes_(limits.drain_bytes),
      meter_(limits.progress_window, limits.min_progress),
      chunked_(head.chunked),
      size_(head.content_length),
      left_(head.content_length),
      decoder_(limits.body_bytes),
      continue_pending_(head.expects_continue) {}

std::optional<std::uint64_t> RequestBody::size() const {
  if (chunked_) return std::nullopt;
  return size_;
}

bool RequestBody::at_end() const { return chunked_ ? decoder_.done() : left_ == 0; }

Result<std::size_t> RequestBody::Read(std::span<char> buffer) {
  if (stream_ == nullptr) return Internal("the request of this body is over");
  if (broken_) return Incomplete();
  auto got = chunked_ ? ReadChunked(buffer) : ReadSized(buffer);
  if (!got) broken_ = true;
  return got;
}

Result<std::size_t> RequestBody::ReadSized(std::span<char> buffer) {
  if (left_ == 0) return std::size_t{0};
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
  const std::string_view ready = stream_->buffered();
  std::size_t got = std::min(want, ready.size());
  if (got > 0) {
    std::memcpy(buffer.data(), ready.data(), got);
    stream_->Consume(got);
    continue_pending_ = false;  // a client that sends the body does not wait
  } else {
    SendContinue();
    const auto read = stream_->ReadWaiting(buffer.subspan(0, want), meter_);
    if (!read) return read.error();
    if (*read == 0) return Incomplete();
    got = *read;
  }
  left_ -= got;
  return got;
}

Result<std::size_t> RequestBody::ReadChunked(std::span<char> buffer) {
  while (true) {
    const auto step = decoder_.Decode(stream_->buffered(), buffer);
    if (!step) return step.error();
    stream_->Consume(step->consumed);
    if (step->produced > 0 || decoder_.done()) return step->produced;
    if (stream_->buffered().empty()) SendContinue();
    const auto read = stream_->FillWaiting(kReadBytes, meter_);
    if (!read) return read.error();
    if (*read == 0) return Incomplete();
  }
}

void RequestBody::SendContinue() {
  if (!continue_pending_) return;
  continue_pending_ = false;
  // 25 bytes fit the socket's buffer: nothing else has been sent for this request.
  stream_->WriteNow("HTTP/1.1 100 Continue\r\n\r\n");
}

bool RequestBody::CanDrop() {
  if (broken_) return false;
  if (at_end()) return true;
  if (continue_pending_) return false;  // whether the client will send the body is not known
  if (!chunked_) return left_ <= drain_bytes_;
  // Often all that is missing is the last chunk, and it has arrived.
  const auto step = decoder_.Decode(stream_->buffered(), {});
  if (!step) {
    broken_ = true;
    return false;
  }
  stream_->Consume(step->consumed);
  return decoder_.done();
}

bool RequestBody::Drop() {
  if (!CanDrop()) return false;
  std::array<char, 16384> dropped;
  while (!at_end()) {
    const auto got = Read(dropped);
    if (!got || *got == 0) return got && at_end();
  }
  return true;
}

}  // namespace usher::server
