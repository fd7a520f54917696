// What a function writes, as events of a log: its raw output by lines, and the frames of a runtime
// that knows them (_LAMBDA_TELEMETRY_LOG_FD), which may hold many lines as one event. Both come
// through one pipe, so that their order is kept.
//
//   frame: u32 type 0xA55A00xx | u32 bytes | u64 microseconds | message      (big-endian)
//
// Bounded: an invocation whose output passes kMaxInvocationLogBytes is cut, with an event that says
// so. A line longer than an event may be is split. Bytes that are no UTF-8 become U+FFFD.
// Threads: one at a time; the sink is called on the same thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace usher::lambda {

inline constexpr std::size_t kMaxEventBytes = 256U << 10;        // of one line or frame
inline constexpr std::size_t kMaxInvocationLogBytes = 4U << 20;  // events with their overhead
inline constexpr std::size_t kTailBytes = 4U << 10;              // of Invoke's LogResult

class FunctionLog {
 public:
  using Sink = std::function<void(Time time, std::string message)>;

  FunctionLog(const Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

  // A new invocation: its tail is empty and its output is counted from zero.
  void Begin();
  // An event of our own: "START RequestId: …". Never cut. Ends an unfinished line before it.
  void Write(std::string message);
  // Bytes of the function's output.
  void Feed(std::string_view bytes);
  // The end of the output so far: what is not a whole line becomes an event.
  void Flush();
  // True once the output of this invocation is too long: the rest is dropped.
  [[nodiscard]] bool is_cut() const { return cut_; }
  // The last 4 KB of the invocation's log.
  [[nodiscard]] std::string tail() const;

 private:
  void TakeFrames();
  void Event(std::string_view message);
  void Emit(std::string message);

  const Clock& clock_;
  Sink sink_;
  std::string pending_;
  std::string tail_;
  std::size_t bytes_ = 0;
  bool cut_ = false;
};

}  // namespace usher::lambda
