// One connection of a runtime: bytes in, whole requests out, answers written as the socket takes
// them. Never blocks.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "http/chunked_decoder.h"
#include "http/request_head.h"

namespace usher::lambda {

// Errors travel with a report of their causes for X-Ray in a header of up to a megabyte.
inline constexpr std::size_t kMaxRuntimeHeadBytes = (1U << 20) + (64U << 10);
inline constexpr std::size_t kMaxRuntimeBodyBytes = 8U << 20;

struct RuntimeRequest {
  http::RequestHead head;
  std::string body;
};

class RuntimeConnection {
 public:
  explicit RuntimeConnection(UniqueFd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  // What to poll for beside the end of the connection.
  [[nodiscard]] bool wants_to_write() const { return !out_.empty(); }

  // Reads what has arrived. False: the other side has gone.
  bool Read();
  // The next request that is there whole; nullopt: not yet. Errors: those of http/request_head.h,
  // with their status; the connection is of no use after one.
  Result<std::optional<RuntimeRequest>> Next();

  // Queues an answer and writes what the socket takes. `headers`: lines with CRLF.
  void Answer(int status, std::string_view headers, std::string_view body);
  // Goes on writing. False: the other side has gone.
  bool Write();
  // The next answer is the last: to be closed once it has been written.
  void CloseAfterwards() { last_ = true; }
  [[nodiscard]] bool is_over() const { return gone_ || (closing_ && out_.empty()); }

 private:
  Result<bool> TakeHead();
  Result<bool> TakeBody();

  UniqueFd fd_;
  std::string in_;
  std::size_t used_ = 0;  // of in_
  http::HeadScanner scanner_;
  std::optional<http::RequestHead> head_;
  std::optional<http::ChunkedDecoder> chunks_;
  std::string body_;
  std::string out_;
  std::size_t written_ = 0;  // of out_
  bool last_ = false;
  bool closing_ = false;  // the last answer is on its way
  bool gone_ = false;
};

}  // namespace usher::lambda
