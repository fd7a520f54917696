// Every limit and timeout of the HTTP listener, in one place. The constants are what a server runs
// with; HttpLimits carries them so that a test can shorten one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "http/request_head.h"

namespace usher::server {

using Millis = std::chrono::milliseconds;

// Sizes. A request beyond one is refused with the status beside it, and its connection is closed.
inline constexpr std::size_t kMaxHeadBytes = 64U << 10;     // request line and fields; 431
inline constexpr std::size_t kMaxTargetBytes = 16U << 10;   // an S3 key of 1024 bytes takes 3; 414
inline constexpr std::size_t kMaxHeaderFields = 200;        // 431
inline constexpr std::uint64_t kMaxBodyBytes = 6ULL << 30;  // one S3 part is at most 5 GiB; 413
// An unread body no longer than this is read and dropped, so that the connection can go on.
inline constexpr std::uint64_t kMaxDrainBytes = 256U << 10;

// Counts.
inline constexpr std::size_t kMaxConnections = 4096;  // one more is answered 503 and closed
// Requests that run at once; others wait. One that waits for its client to send or to read is not
// counted, so that slow clients take none of these.
inline constexpr std::size_t kMaxWorkers = 128;

// Times.
inline constexpr Millis kHeadTimeout{10'000};     // from a head's first byte to its last; 408
inline constexpr Millis kIdleTimeout{60'000};     // between two requests; closed
inline constexpr Millis kProgressWindow{20'000};  // waiting time in which a body must move …
inline constexpr std::uint64_t kMinProgress = 16U << 10;  // … at least this many bytes; 408
inline constexpr Millis kLingerTimeout{5'000};            // for the client to read a last answer
inline constexpr Millis kDrainGrace{10'000};  // for running requests when the server stops

struct HttpLimits {
  std::size_t head_bytes = kMaxHeadBytes;
  std::size_t target_bytes = kMaxTargetBytes;
  std::size_t header_fields = kMaxHeaderFields;
  std::uint64_t body_bytes = kMaxBodyBytes;
  std::uint64_t drain_bytes = kMaxDrainBytes;
  std::size_t connections = kMaxConnections;
  std::size_t workers = kMaxWorkers;
  Millis head_timeout = kHeadTimeout;
  Millis idle_timeout = kIdleTimeout;
  Millis progress_window = kProgressWindow;
  std::uint64_t min_progress = kMinProgress;
  Millis linger_timeout = kLingerTimeout;

  [[nodiscard]] http::HeadLimits Head() const {
    return {.target_bytes = target_bytes,
            .header_fields = header_fields,
            .body_bytes = body_bytes,
            .head_bytes = head_bytes};
  }
};

}  // namespace usher::server
