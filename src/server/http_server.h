// HttpServer: an HTTP/1.1 listener that hands each request to a plain function.
//
//   auto bound = Bind({"127.0.0.1", 0});
//   HttpServer server(*std::move(bound), limits);
//   server.Start(handler, observer);
//   …
//   server.Stop(kDrainGrace);
//
// Waiting connections (idle, or with half a header) take no thread: they are parked in an epoll set
// that all workers wait on. The worker that a connection's bytes wake reads the head, runs the
// handler and writes the answer itself, so that a small request costs no hop between threads.
// Bodies are read and answers written while the worker waits, with deadlines (socket_stream.h).
// Workers are added while all are busy, up to a limit on those that do not wait for a client: slow
// clients, however many, hold threads but nobody up. Spare ones end when the clients are gone. One
// more thread accepts connections and watches the deadlines of those that are parked.
//
// Threads: handler and observer run on several threads at once; Stop from one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "server/exchange.h"
#include "server/http_limits.h"
#include "server/listen_address.h"

namespace usher::server {

class HttpServer {
 public:
  struct Stats {
    std::size_t open_connections = 0;
    std::size_t running_requests = 0;
    std::size_t workers = 0;
    std::uint64_t accepted_total = 0;
    std::uint64_t turned_away_total = 0;  // beyond the limit of connections
  };

  explicit HttpServer(BoundSocket socket, HttpLimits limits = {});
  ~HttpServer();  // Stop without grace
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Clients that connected since Bind are served from here on. Errors: internal.
  Result<void> Start(Handler handler, Observer observer);

  // Accepts no more, lets running requests end, closes all connections. True when every request
  // ended in time; the others had their connections cut. Returns once no handler runs any more.
  bool Stop(Millis grace);

  [[nodiscard]] const ListenAddress& address() const;
  [[nodiscard]] bool is_stopping() const;
  [[nodiscard]] Stats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace usher::server
