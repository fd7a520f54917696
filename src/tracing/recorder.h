// Recorder: takes finished segments from whoever makes them and hands them, on a thread of its own,
// to those who keep them: the store of X-Ray, an exporter.
//
// Bounded: when kMaxWaiting segments wait, further ones are dropped; how many is counted
// (Stats, /metrics), and the log tells of it once a minute while it goes on.
// Cost:    Record: a move under a lock and no system call. The thread looks for work every
//          kGatherTime. Threads: safe from any thread; sinks are called on one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tracing/segment.h"

namespace usher::tracing {

inline constexpr std::size_t kMaxWaiting = 20'000;  // segments
inline constexpr std::size_t kMaxWaitingDocumentBytes = std::size_t{64} << 20;
inline constexpr std::chrono::milliseconds kGatherTime{50};

struct Finished {
  Segment segment;
  std::string document;  // as another tracer sent it; empty for our own
};

// What a rule for sampling looks at.
struct SamplingRequest {
  std::string_view service_name;  // "Personalize", "Movies/dev"
  std::string_view service_type;  // the segment's origin
  std::string_view host;
  std::string_view method;
  std::string_view url_path;
  std::string_view resource_arn = "*";
};

class Recorder {
 public:
  using Sink = std::function<void(std::span<const Finished> batch)>;
  using Sampler = std::function<bool(const SamplingRequest& request)>;
  // Microseconds since 1970; the system's clock where none is given.
  using MicroClock = std::function<std::int64_t()>;

  explicit Recorder(MicroClock now_us = {});
  ~Recorder();  // Stop
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Before Start.
  void AddSink(Sink sink) { sinks_.push_back(std::move(sink)); }
  void SetSampler(Sampler sampler) { sampler_ = std::move(sampler); }
  void Start();
  // Hands over what waits, then ends.
  void Stop();

  // False when it was dropped.
  bool Record(Segment segment, std::string document = {});
  // Returns once all that was recorded before is with the sinks: for who must see it. At once when
  // the recorder does not run.
  void Flush();

  // Whether a trace that begins with this request is to be recorded. All are where no sampler is
  // set.
  [[nodiscard]] bool Sample(const SamplingRequest& request) const {
    return !sampler_ || sampler_(request);
  }
  [[nodiscard]] std::int64_t NowMicros() const;

  struct Stats {
    std::uint64_t recorded = 0;
    std::uint64_t dropped = 0;
    std::size_t waiting = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  void Work();
  void TellDropped(std::unique_lock<std::mutex>& lock);

  MicroClock now_us_;
  std::vector<Sink> sinks_;
  Sampler sampler_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable handed_;
  std::vector<Finished> waiting_;
  std::size_t waiting_bytes_ = 0;  // of documents
  std::uint64_t recorded_ = 0;
  std::uint64_t handed_over_ = 0;  // of those
  std::uint64_t flush_until_ = 0;  // someone waits until as many are handed over
  std::uint64_t dropped_ = 0;
  std::uint64_t untold_ = 0;
  std::optional<std::chrono::steady_clock::time_point> told_;
  bool running_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace usher::tracing
