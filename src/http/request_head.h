// The head of an HTTP/1.1 request: its request line and header fields, read strictly, so that no
// proxy before us and no signature check behind us can understand a request differently.
//
// Source: RFC 9112 sections 2 to 7, RFC 9110 sections 5 and 10.1.1. Stricter than the RFC where it
//         leaves a choice: bare LF, folded fields, repeated Content-Length, bytes outside
//         0x21-0x7E in the target and Content-Length beside Transfer-Encoding are refused.
// Cost:   O(head), one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http_message.h"

namespace usher::http {

inline constexpr std::size_t kMaxMethodBytes = 32;  // 400

// A request beyond one of these is refused with the status beside it.
struct HeadLimits {
  std::size_t target_bytes = 16U << 10;   // an S3 key of 1024 bytes takes 3; 414
  std::size_t header_fields = 200;        // 431
  std::uint64_t body_bytes = 6ULL << 30;  // one S3 part is at most 5 GiB; 413
  std::size_t head_bytes = 64U << 10;     // request line and fields; 431
};

struct RequestHead {
  std::string method;
  std::string target;  // path and query, as sent
  wire::Headers headers;
  bool is_http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 when chunked
};

// Looks for the end of a head in bytes that arrive piece by piece.
class HeadScanner {
 public:
  enum class State {
    kIncomplete,
    kComplete,  // size() bytes up to and with the empty line
    kBareLf,    // a line ends in LF alone
  };
  // `bytes` begins at the head's first byte and has only grown since the last call.
  State Scan(std::string_view bytes);
  [[nodiscard]] std::size_t size() const { return line_start_; }
  void Reset() { line_start_ = searched_ = 0; }

 private:
  std::size_t line_start_ = 0;
  std::size_t searched_ = 0;
};

// `head` as the scanner found it. Errors carry their status in http_status: 400, 413, 414, 417,
// 431, 501, 505.
Result<RequestHead> ParseRequestHead(std::string_view head, const HeadLimits& limits);

// For a head that grew to limits.head_bytes without an end: 414 when it is the target that is too
// long, 431 otherwise.
Error TooLongHead(std::string_view head, const HeadLimits& limits);

}  // namespace usher::http
