// Metrics: what the server has answered, as Prometheus reads it (text exposition format 0.0.4).
//
// Labels come from the service models and from our own routes, never from what a client sends, so
// their number is bounded.
// Cost:    Record O(1): one lookup and a few additions under a lock.
// Threads: safe from any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "server/exchange.h"

namespace usher::server {

class Metrics {
 public:
  void Record(const Exchange& exchange);
  // Families usher_requests_total, usher_request_duration_seconds, usher_received_bytes_total,
  // usher_sent_bytes_total.
  [[nodiscard]] std::string Text() const;

 private:
  // Upper bounds in seconds, from a cached answer to a large upload.
  static constexpr std::array<double, 16> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                     0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                                     1,      5,       30,     120};
  struct Series {
    std::array<std::uint64_t, 6> by_class{};  // [status / 100]; 0: no answer was sent
    std::array<std::uint64_t, kBounds.size() + 1> by_duration{};  // not yet cumulative
    std::chrono::nanoseconds total{0};
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Series> series_;  // by service and operation
};

// One gauge or counter without labels, with its HELP and TYPE lines.
void AppendMetric(std::string& out, std::string_view name, std::string_view type,
                  std::string_view help, double value);

// Resident memory and start time of this process, under their usual names.
void AppendProcessMetrics(std::string& out, Time started);

}  // namespace usher::server
