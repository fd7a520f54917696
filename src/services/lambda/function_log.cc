#include "services/lambda/function_log.h"

#include <algorithm>
#include <cstdint>

#include "log_events/as_utf8.h"
#include "log_events/log_writer.h"

namespace usher::lambda {
namespace {

constexpr std::string_view kFrameMark("\xA5\x5A\x00", 3);
constexpr std::size_t kFrameHeadBytes = 16;
constexpr std::size_t kMaxUtf8Bytes = 4;

std::uint32_t BigEndian32(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

std::string_view WithoutLineEnd(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// The end of a piece of at most kMaxEventBytes, not within a character.
std::size_t PieceEnd(std::string_view text) {
  if (text.size() <= kMaxEventBytes) return text.size();
  std::size_t end = kMaxEventBytes;
  for (std::size_t i = 0; i < kMaxUtf8Bytes && (text[end] & 0xC0) == 0x80; ++i) --end;
  return end;
}

}  // namespace

void FunctionLog::Begin() {
  bytes_ = 0;
  cut_ = false;
  tail_.clear();
}

std::string FunctionLog::tail() const {
  return tail_.size() <= kTailBytes ? tail_ : tail_.substr(tail_.size() - kTailBytes);
}

void FunctionLog::Write(std::string message) {
  Flush();
  Emit(std::move(message));
}

void FunctionLog::Feed(std::string_view bytes) {
  if (cut_) return;
  pending_ += bytes;
  TakeFrames();
}

void FunctionLog::Flush() {
  TakeFrames();
  if (!pending_.empty()) Event(pending_);
  pending_.clear();
}

// Takes whole lines and whole frames off `pending_`.
void FunctionLog::TakeFrames() {
  std::string_view rest = pending_;
  while (!rest.empty() && !cut_) {
    if (rest.starts_with(kFrameMark)) {
      if (rest.size() < kFrameHeadBytes) break;
      const std::size_t size = BigEndian32(rest.substr(4));
      if (size <= kMaxInvocationLogBytes) {
        if (rest.size() < kFrameHeadBytes + size) break;
        Event(WithoutLineEnd(rest.substr(kFrameHeadBytes, size)));
        rest.remove_prefix(kFrameHeadBytes + size);
        continue;
      }
    } else if (rest.size() < kFrameMark.size() && kFrameMark.starts_with(rest)) {
      break;  // perhaps a frame
    }
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      if (rest.size() <= kMaxEventBytes) break;
      Event(rest);
      rest = {};
      break;
    }
    Event(WithoutLineEnd(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
  }
  if (cut_) rest = {};
  pending_.erase(0, pending_.size() - rest.size());
}

void FunctionLog::Event(std::string_view message) {
  if (message.empty()) return;
  while (!message.empty() && !cut_) {
    const std::size_t size = PieceEnd(message);
    bytes_ += size + log_events::kEventOverheadBytes;
    if (bytes_ > kMaxInvocationLogBytes) {
      cut_ = true;
      Emit("USHER The output of this invocation is longer than " +
           std::to_string(kMaxInvocationLogBytes) + " bytes: the rest of it is not kept.");
      return;
    }
    Emit(log_events::AsUtf8(message.substr(0, size)));
    message.remove_prefix(size);
  }
}

void FunctionLog::Emit(std::string message) {
  tail_ += message;
  tail_ += '\n';
  if (tail_.size() > 4 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  sink_(clock_.Now(), std::move(message));
}

}  // namespace usher::lambda
