#include "jobs/child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>

#include "jobs/child_result.h"
#include "json/json.h"

namespace usher::jobs {
namespace {

constexpr std::chrono::milliseconds kReportEvery{100};

// When the machine runs out of memory, the kernel shall end this process rather than the server.
void PreferToBeKilled() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  constexpr std::string_view score = "500";
  (void)!write(fd, score.data(), score.size());
  close(fd);
}

Error OutOfMemory() {
  rlimit limit{};
  std::string message = "not enough memory for this job";
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    message += ": its limit is " + std::to_string(limit.rlim_cur >> 20) + " MB of address space";
  }
  return Internal(message);
}

Result<Value> Run(const std::string& work_folder, const ChildHandler& handler) {
  const auto text = ReadWholeFile(work_folder + "/request.json", kMaxRequestBytes);
  if (!text) return text.error();
  const auto request = json::Parse(*text);
  if (!request) return Internal("request.json is no JSON: " + request.error().message);
  ChildContext context(work_folder);
  try {
    return handler(*request, context);
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::exception& bug) {
    return Internal(std::string("unexpected: ") + bug.what());
  }
}

}  // namespace

void ChildContext::Report(double fraction, std::string_view stage) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (stage == stage_ && now < next_) return;
  stage_ = stage;
  next_ = now + kReportEvery;

  ValueMap line;
  line.Append("fraction", fraction);
  line.Append("stage", stage);
  std::string text = json::Write(line) + "\n";
  // One write for a line shorter than the pipe's atomic size. Without a reader the server is gone,
  // and so is this process in a moment.
  (void)!write(STDOUT_FILENO, text.data(), text.size());
}

int RunChildMain(const std::string& work_folder, const ChildHandler& handler) {
  PreferToBeKilled();
  const Result<Value> result = Run(work_folder, handler);
  if (const auto written = WriteChildResult(work_folder, result); !written) {
    std::fprintf(stderr, "%s\n", written.error().message.c_str());
    return 1;
  }
  return result ? 0 : 1;
}

}  // namespace usher::jobs
