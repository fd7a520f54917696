// Clock: where time comes from. Passed in, so that tests set it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher {

using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time Now() const override;
};

// A clock that stands still until it is set, from any thread: for tests.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Time now) : now_(now) {}
  [[nodiscard]] Time Now() const override { return now_; }
  void Set(Time now) { now_ = now; }
  void Advance(std::chrono::milliseconds by) { now_ = now_.load() + by; }

 private:
  std::atomic<Time> now_;
};

[[nodiscard]] inline std::int64_t EpochMillis(Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline Time FromEpochMillis(std::int64_t millis) {
  return Time(std::chrono::milliseconds(millis));
}

// 2022-07-21T01:02:03.456Z, or without the fraction.
[[nodiscard]] std::string FormatIso8601(Time time, bool with_millis = true);
// 20220721T010203Z, as SigV4 writes it.
[[nodiscard]] std::string FormatIso8601Basic(Time time);
// Thu, 21 Jul 2022 01:02:03 GMT (RFC 9110 section 5.6.7).
[[nodiscard]] std::string FormatHttpDate(Time time);

// Accept what the formatters above write (ISO 8601: fraction optional, Z only).
Result<Time> ParseIso8601(std::string_view text);
Result<Time> ParseIso8601Basic(std::string_view text);
Result<Time> ParseHttpDate(std::string_view text);

}  // namespace usher
