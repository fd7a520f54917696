#include "cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace usher::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kSilence{2};        // work shorter than this shows nothing
constexpr milliseconds kRedraw{100};  // on a terminal
constexpr seconds kBetweenLines{10};  // elsewhere
constexpr std::size_t kBarWidth = 30;
constexpr double kLeastForEstimate = 0.02;  // before this, the time left is a guess

std::string Duration(double wanted_seconds) {
  const auto total = static_cast<long>(std::ceil(wanted_seconds - 0.01));  // 88.0000001 is 88
  if (total < 60) return std::to_string(total) + " s";
  if (total < 3600) return std::to_string(total / 60) + " min " + std::to_string(total % 60) + " s";
  return std::to_string(total / 3600) + " h " + std::to_string(total % 3600 / 60) + " min";
}

std::string Percent(double fraction) {
  return std::to_string(static_cast<int>(std::floor(fraction * 100))) + " %";
}

}  // namespace

ProgressBar::ProgressBar(std::string title)
    : ProgressBar(
          std::move(title), ::isatty(STDERR_FILENO) == 1,
          [] { return std::chrono::steady_clock::now(); },
          [](std::string_view text) {
            std::fwrite(text.data(), 1, text.size(), stderr);
            std::fflush(stderr);
          }) {}

ProgressBar::ProgressBar(std::string title, bool is_terminal, Now now, Write write)
    : title_(std::move(title)),
      is_terminal_(is_terminal),
      now_(std::move(now)),
      write_(std::move(write)),
      begin_(now_()),
      next_(begin_ + kSilence) {}

void ProgressBar::Update(double fraction, std::string_view stage) {
  const Instant now = now_();
  if (!stage.empty()) stage_ = stage;
  if (now < next_) return;
  fraction = std::clamp(fraction, 0.0, 1.0);
  if (is_terminal_) {
    Draw(fraction, now);
    next_ = now + kRedraw;
  } else {
    PrintLine(fraction, now);
    next_ = now + kBetweenLines;
  }
}

std::string ProgressBar::Left(double fraction, Instant now) const {
  if (fraction < kLeastForEstimate) return "";
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  return ", " + Duration(elapsed * (1 - fraction) / fraction) + " left";
}

void ProgressBar::Draw(double fraction, Instant now) {
  const auto full = static_cast<std::size_t>(fraction * kBarWidth);
  std::string line = title_ + " [" + std::string(full, '#') + std::string(kBarWidth - full, '.') +
                     "] " + Percent(fraction) + Left(fraction, now) +
                     (stage_.empty() ? "" : " (" + stage_ + ")");
  const std::size_t length = line.size();
  if (length < drawn_) line += std::string(drawn_ - length, ' ');
  drawn_ = length;
  write_("\r" + line);
}

void ProgressBar::PrintLine(double fraction, Instant now) {
  write_(title_ + ": " + Percent(fraction) + Left(fraction, now) +
         (stage_.empty() ? "" : " (" + stage_ + ")") + "\n");
}

void ProgressBar::Finish() {
  if (drawn_ == 0) return;
  write_("\r" + std::string(drawn_, ' ') + "\r");
  drawn_ = 0;
}

}  // namespace usher::cli
