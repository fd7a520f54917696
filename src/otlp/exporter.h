// Exporter: sends finished segments to an OpenTelemetry collector by OTLP/HTTP, from a thread of
// its own.
//
// Bounded: kMaxQueued segments wait; further ones are dropped, counted, and told in the log once a
// minute. Batches of up to kBatch segments go out every kSendEvery, or sooner when one is full. One
// that fails (no answer, 429, 5xx) is sent again, with growing pauses up to kLongestPause; another
// answer than 2xx drops it. Threads: safe from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "outbound/http_client.h"
#include "tracing/recorder.h"

namespace usher::otlp {

inline constexpr std::size_t kMaxQueued = 20'000;
inline constexpr std::size_t kBatch = 500;
inline constexpr std::chrono::milliseconds kSendEvery{1'000};
inline constexpr std::chrono::milliseconds kFirstPause{500};
inline constexpr std::chrono::milliseconds kLongestPause{30'000};

// Where `--otlp` leads to: "/v1/traces" is added to a URL without a path. Errors: invalid input.
Result<std::string> TracesUrl(std::string_view endpoint);

class Exporter {
 public:
  // `url` as TracesUrl gives it. Begins at once.
  explicit Exporter(std::string url);
  ~Exporter();  // Stop
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Takes a batch of the recorder.
  void Take(std::span<const tracing::Finished> batch);
  // One more try for what waits, then ends.
  void Stop();

  struct Stats {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
    std::size_t waiting = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  void Work();
  enum class Answer { kTaken, kAgain, kRefused };
  Answer Send(std::span<const tracing::Segment> batch, std::string& why);
  void Drop(std::unique_lock<std::mutex>& lock, std::size_t segments, const std::string& why);

  const std::string url_;
  outbound::HttpClient client_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable drained_;  // the queue is empty
  std::deque<tracing::Segment> queue_;
  std::uint64_t sent_ = 0;
  std::uint64_t dropped_ = 0;
  std::optional<std::chrono::steady_clock::time_point> told_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace usher::otlp
