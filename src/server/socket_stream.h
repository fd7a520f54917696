// SocketStream: a connected socket with an input buffer, read without waiting while its connection
// is idle and with deadlines while a request runs.
//
// A deadline asks for progress, not for speed: within each window of time spent waiting, a minimum
// of bytes must have moved. What a handler does between two reads does not count.
//
// Threads: one at a time.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "server/http_limits.h"

namespace usher::server {

class ProgressMeter {
 public:
  ProgressMeter(Millis window, std::uint64_t min_bytes) : window_(window), min_bytes_(min_bytes) {}

  void Moved(std::uint64_t bytes) { bytes_ += bytes; }
  // How long the next wait may last.
  [[nodiscard]] std::chrono::nanoseconds left() const { return window_ - waited_; }
  // False when a window ended without enough bytes.
  [[nodiscard]] bool Waited(std::chrono::nanoseconds time);

 private:
  std::chrono::nanoseconds window_;
  std::uint64_t min_bytes_;
  std::chrono::nanoseconds waited_{0};
  std::uint64_t bytes_ = 0;
};

// Told when a thread begins and ends to wait for a client, so that others can do its work
// meanwhile.
class WaitListener {
 public:
  virtual void WaitBegins() = 0;
  virtual void WaitEnds() = 0;

 protected:
  ~WaitListener() = default;
};

class SocketStream {
 public:
  // `fd` is connected and non-blocking. `listener` outlives the stream; nullptr for none.
  explicit SocketStream(UniqueFd fd, WaitListener* listener = nullptr)
      : fd_(std::move(fd)), listener_(listener) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }

  // Input that has arrived and is not yet consumed.
  [[nodiscard]] std::string_view buffered() const {
    return std::string_view(buffer_).substr(consumed_);
  }
  void Consume(std::size_t count);
  // Gives the memory of an empty buffer back: for a connection that goes idle.
  void ReleaseBuffer();

  enum class Fill { kSome, kNothingYet, kEnd, kBroken };
  // Adds what has arrived, at most `most` bytes, to the buffer without waiting.
  Fill FillNow(std::size_t most);
  // The same, waiting for at least one byte. 0 is the end of the stream. Errors: RequestTimeout
  // when the meter says so; IncompleteBody when the connection broke.
  Result<std::size_t> FillWaiting(std::size_t most, ProgressMeter& meter);
  // Reads past the buffer, which must be empty, into `out`.
  Result<std::size_t> ReadWaiting(std::span<char> out, ProgressMeter& meter);

  // Sends all parts. Errors: internal, when the client is gone or too slow.
  Result<void> WriteAll(std::span<iovec> parts, ProgressMeter& meter);
  // Sends what fits without waiting.
  void WriteNow(std::string_view bytes);
  // No more output; input still arrives.
  void FinishWriting();
  // The client must see that this connection broke: closing resets it.
  void ResetOnClose();

 private:
  // False in time_left when the meter's patience is over.
  [[nodiscard]] bool Wait(short events, ProgressMeter& meter) const;

  UniqueFd fd_;
  WaitListener* listener_;
  std::string buffer_;
  std::size_t consumed_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace usher::server
