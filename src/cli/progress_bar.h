// ProgressBar: how far long work is, on standard error: a line that is drawn over on a terminal, a
// plain line now and then elsewhere. Says nothing about work that ends within two seconds.
//
//   ProgressBar bar("Training");
//   options.progress = [&](double fraction) { bar.Update(fraction); };
//   …
//   bar.Finish();
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace usher::cli {

class ProgressBar {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using Now = std::function<Instant()>;
  using Write = std::function<void(std::string_view)>;

  explicit ProgressBar(std::string title);
  ProgressBar(std::string title, bool is_terminal, Now now, Write write);
  ~ProgressBar() { Finish(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `fraction` of the work, 0 to 1. Cheap enough for an inner loop. From one thread at a time.
  void Update(double fraction, std::string_view stage = {});
  // Leaves the terminal's line clean, so that what is printed next begins one.
  void Finish();

 private:
  void Draw(double fraction, Instant now);
  void PrintLine(double fraction, Instant now);
  [[nodiscard]] std::string Left(double fraction, Instant now) const;

  std::string title_;
  bool is_terminal_;
  Now now_;
  Write write_;
  Instant begin_;
  Instant next_;
  std::string stage_;
  std::size_t drawn_ = 0;  // characters on the terminal's line
};

}  // namespace usher::cli
