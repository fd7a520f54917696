// Log events on their way to CloudWatch Logs: gathered by stream and handed over from a thread of
// its own, so that no invocation and no request waits for the log.
//
// Bounded: when more than kMaxWaitingBytes wait, because the log cannot be written fast enough or
// at all, further events are dropped. What is lost is counted, and the server's log tells how many
// and why, once a minute while it goes on.
// Threads: safe from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "wire/dispatcher.h"

namespace usher::log_events {

inline constexpr std::size_t kMaxWaitingBytes = 64U << 20;
inline constexpr std::size_t kEventOverheadBytes = 26;  // what Logs counts for an event

class LogWriter {
 public:
  // `dispatcher` must outlive it; it is called from Start on.
  explicit LogWriter(const wire::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  struct Stream {
    std::string region;
    std::string group;
    std::string name;
    auto operator<=>(const Stream&) const = default;
  };
  void Write(const Stream& stream, Time time, std::string message);
  // Several of one moment, in this order and with nothing of others in between.
  void Write(const Stream& stream, Time time, std::vector<std::string> messages);
  void Start();
  // Hands over what waits, then ends.
  void Stop();
  [[nodiscard]] std::uint64_t lost() const;

 private:
  struct Event {
    Time time;
    std::string message;
  };
  using Events = std::map<Stream, std::vector<Event>>;

  void Work();
  void HandOver(const Stream& stream, const std::vector<Event>& events);
  Result<Value> Call(std::string_view operation, const Value& request, const Stream& stream) const;
  Result<void> Make(const Stream& stream) const;
  void CountLost(std::size_t events, std::string why);
  void TellLost(std::unique_lock<std::mutex>& lock);

  const wire::Dispatcher& dispatcher_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Events waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t untold_ = 0;  // of those, since the last line about them
  std::string why_;
  std::optional<std::chrono::steady_clock::time_point> told_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace usher::log_events
