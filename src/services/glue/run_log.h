// RunLog: what a run writes, line by line, on its way to CloudWatch Logs while it runs.
//
// Bounded: a stream that passes kMaxStreamBytes is cut, with a line that says so; a line longer
// than kMaxLineBytes is split. Bytes that are no UTF-8 become U+FFFD. Threads: one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace usher::glue {

inline constexpr std::size_t kMaxLineBytes = 256U << 10;
inline constexpr std::size_t kMaxStreamBytes = 64U << 20;
inline constexpr std::size_t kLastLineBytes = 1024;

// One of standard output and standard error.
class RunLog {
 public:
  using Sink = std::function<void(const std::vector<std::string>& lines)>;
  explicit RunLog(Sink sink) : sink_(std::move(sink)) {}

  void Feed(std::string_view bytes);
  // A line of our own.
  void Write(std::string_view line);
  // The end: what is not a whole line becomes one.
  void Flush();
  // The last line that is not blank, cut after kLastLineBytes; "" when there was none.
  [[nodiscard]] const std::string& last_line() const { return last_line_; }

 private:
  void Take(std::string_view line);
  void HandOver();

  Sink sink_;
  std::string pending_;
  std::vector<std::string> lines_;
  std::string last_line_;
  std::size_t bytes_ = 0;
  bool cut_ = false;
};

}  // namespace usher::glue
