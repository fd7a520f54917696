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
#include "server/http_limits.h"
#include "wire/http_message.h"

namespace usher::server {

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
Result<RequestHead> ParseRequestHead(std::string_view head, const HttpLimits& limits);

// For a head that grew to limits.head_bytes without an end: 414 when it is the target that is too
// long, 431 otherwise.
Error TooLongHead(std::string_view head, const HttpLimits& limits);

}  // namespace usher::server
