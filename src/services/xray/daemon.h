// Daemon: the UDP port that tracers inside functions and programs send their segments to, as they
// would to the X-Ray daemon.
//
// A datagram is a line {"format":"json","version":1} and then one segment document. Whatever is
// none is dropped and counted; the log tells of it once a minute. Nothing is answered, so nobody
// can use the port against others. Source:  AWS X-Ray Developer Guide, "Sending segment documents
// to the X-Ray daemon". Threads: one of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"
#include "tracing/recorder.h"

namespace usher::xray {

inline constexpr std::uint16_t kDaemonPort = 2000;

class Daemon {
 public:
  // `host` is a numeric IPv4 or IPv6 address; port 0 takes a free one. `recorder` outlives it.
  // Errors: invalid input; in use; internal.
  static Result<std::unique_ptr<Daemon>> Listen(const std::string& host, std::uint16_t port,
                                                tracing::Recorder& recorder);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // "127.0.0.1:2000", for AWS_XRAY_DAEMON_ADDRESS; loopback for a wildcard address.
  [[nodiscard]] const std::string& address() const { return address_; }

  // Takes in one datagram. Errors: invalid input; throttled.
  static Result<void> Take(std::string_view datagram, tracing::Recorder& recorder);

  [[nodiscard]] std::uint64_t received() const { return received_.load(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(); }

 private:
  Daemon(UniqueFd socket, UniqueFd wake, std::string address, tracing::Recorder& recorder);
  void Work();
  void Refuse(const std::string& why);

  UniqueFd socket_;
  UniqueFd wake_;
  std::string address_;
  tracing::Recorder& recorder_;
  std::atomic<std::uint64_t> received_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::optional<std::chrono::steady_clock::time_point> told_;
  std::thread thread_;
};

}  // namespace usher::xray
