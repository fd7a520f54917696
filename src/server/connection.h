// Connection: one client's connection, request after request in order. Waiting for a request costs
// no thread: the listener calls ReadHead when bytes arrive, Serve when a head is whole.
//
// Threads: one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include "http/request_head.h"
#include "server/exchange.h"
#include "server/http_limits.h"
#include "server/socket_stream.h"

namespace usher::server {

class Connection {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // What is to be done with the connection next.
  enum class Next {
    kServe,  // a request is ready: Serve
    kWait,   // nothing more to do until bytes arrive or deadline() passes
    kClose,
  };

  // `limits` and `listener`, which may be nullptr, outlive the connection.
  Connection(UniqueFd fd, std::string peer, const HttpLimits& limits, WaitListener* listener);

  [[nodiscard]] int fd() const { return stream_.fd(); }
  [[nodiscard]] Instant deadline() const { return deadline_; }
  // No byte of a next request has been taken.
  [[nodiscard]] bool is_idle() const { return !lingering_ && !head_begun_; }
  // The last answer has been sent; only the client's close is waited for.
  [[nodiscard]] bool is_lingering() const { return lingering_; }

  // Takes what has arrived, without waiting. A head that is refused is answered here and told to
  // the observer.
  Next ReadHead(const Observer& observer);
  // Runs the request that ReadHead found and sends the answer. The connection ends with it when
  // `stopping` has become true by then.
  Next Serve(const Handler& handler, const Observer& observer, const std::atomic<bool>& stopping);
  // The deadline has passed.
  Next Expire(const Observer& observer);

 private:
  Next Refuse(const Error& error, const Observer& observer);
  Next Linger();
  // Reads and forgets, so that the answer is not lost to a reset while the client still sends.
  Next DropInput();
  Next WaitForHead();

  const HttpLimits& limits_;
  std::string peer_;
  SocketStream stream_;
  http::HeadScanner scanner_;
  std::optional<http::RequestHead> head_;  // of the request to be served
  std::size_t head_bytes_ = 0;
  bool lingering_ = false;
  bool head_begun_ = false;
  bool served_any_ = false;
  Instant deadline_;
};

}  // namespace usher::server
