#include "services/glue/run_process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace usher::glue {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookAgain{50};  // for a wish to stop
constexpr std::size_t kReadAtOnce = 64U << 10;
constexpr std::size_t kMaxReads = 64;  // of one stream, before the other and the time get a turn

// False at the end of the stream.
bool Drain(int fd, const std::function<void(std::string_view)>& sink) {
  std::array<char, kReadAtOnce> buffer;
  for (std::size_t i = 0; i < kMaxReads; ++i) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    sink(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
  return true;
}

// What was in the pipe when the process ended, and no more than it holds: one that took the mark
// out of its environment may write on and on.
void TakeRest(int fd, const std::function<void(std::string_view)>& sink) {
  std::array<char, kReadAtOnce> buffer;
  const int holds = fcntl(fd, F_GETPIPE_SZ);
  std::size_t left = holds > 0 ? static_cast<std::size_t>(holds) : buffer.size();
  while (left > 0) {
    const ssize_t got = read(fd, buffer.data(), std::min(left, buffer.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    sink(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    left -= static_cast<std::size_t>(got);
  }
}

}  // namespace

RunEnd FollowRun(const jobs::Process& process, const std::string& mark,
                 const RunFollowing& following) {
  using Wish = StopSignals::Wish;
  const auto begin = steady_clock::now();
  RunEnd end;
  bool open_output = true;
  bool open_errors = true;
  while (true) {
    std::array<pollfd, 3> entries = {{{process.ended.get(), POLLIN, 0},
                                      {open_output ? process.output.get() : -1, POLLIN, 0},
                                      {open_errors ? process.errors.get() : -1, POLLIN, 0}}};
    const auto left = following.timeout - std::chrono::duration_cast<std::chrono::milliseconds>(
                                              steady_clock::now() - begin);
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), kLookAgain);
    poll(entries.data(), entries.size(), static_cast<int>(wait.count()));
    if (entries[1].revents != 0) open_output = Drain(process.output.get(), following.output);
    if (entries[2].revents != 0) open_errors = Drain(process.errors.get(), following.errors);
    const Wish wish = following.signal.load();
    if (entries[0].revents != 0) break;
    if (wish == Wish::kStop) end.kind = RunEnd::Kind::kStopped;
    if (wish == Wish::kServerStops) end.kind = RunEnd::Kind::kInterrupted;
    if (wish == Wish::kGoOn && steady_clock::now() - begin >= following.timeout) {
      end.kind = RunEnd::Kind::kTimedOut;
    }
    if (end.kind != RunEnd::Kind::kExited) break;
  }
  end.status = jobs::EndProcess(process, mark);
  if (open_output) TakeRest(process.output.get(), following.output);
  if (open_errors) TakeRest(process.errors.get(), following.errors);
  end.time = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
  return end;
}

}  // namespace usher::glue
