#include "jobs/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "jobs/child_result.h"
#include "jobs/progress_lines.h"
#include "jobs/vfork.h"

namespace usher::jobs {
namespace {

constexpr int kNice = 10;
constexpr std::size_t kErrorTailBytes = 8U << 10;  // of standard error, for the log
constexpr std::size_t kReasonBytes = 500;          // of that, for the failure reason
constexpr int kPollMs = 50;                        // how long an exit may stay unnoticed
constexpr int kLockPollMs = 10;
constexpr int kLockWaitMs = 30'000;  // for a killed predecessor that is still in the kernel

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

// Moves a descriptor above those that the child gives a meaning to.
Fd Raised(int fd) {
  Fd original(fd);
  return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 10));
}

struct Pipe {
  Fd read, write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("pipe", errno);
  Pipe made{Raised(ends[0]), Raised(ends[1])};
  if (made.read.get() < 0 || made.write.get() < 0) return SystemError("pipe", errno);
  fcntl(made.read.get(), F_SETFL, O_NONBLOCK);
  return made;
}

// Everything that the child needs between vfork and exec, made before: there it may not allocate.
struct SpawnPlan {
  const char* binary;
  char* const* arguments;
  char* const* environment;
  pid_t parent;
  int standard_input, standard_output, standard_error, lock;
  rlim_t memory_limit;  // 0 = none
};

// Runs in the child, which still shares the parent's memory: system calls only.
[[noreturn]] void Exec(const SpawnPlan& plan) {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (const int number : {SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP}) {
    sigaction(number, &standard, nullptr);
  }
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);  // the parent died before the line above
  (void)!nice(kNice);
  if (plan.memory_limit != 0) {
    const rlimit limit{plan.memory_limit, plan.memory_limit};
    setrlimit(RLIMIT_AS, &limit);
  }
  dup2(plan.standard_input, 0);
  dup2(plan.standard_output, 1);
  dup2(plan.standard_error, 2);
  dup2(plan.lock, 3);      // held until this process is gone
  close_range(4, ~0U, 0);  // sockets and files of the server
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(plan.binary, plan.arguments, plan.environment);
  constexpr std::string_view words = "cannot execute the program\n";
  (void)!write(2, words.data(), words.size());
  _exit(127);
}

bool Readable(int fd, int timeout_ms) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, timeout_ms) > 0;
}

// The lock is inherited by the child, so that it tells whether a child still uses the folder.
Result<Fd> LockWorkFolder(const std::string& work_folder, int stop_fd) {
  Fd lock = Raised(
      open((work_folder + "/child.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) return SystemError("cannot lock the work folder", errno);
  for (int waited = 0; flock(lock.get(), LOCK_EX | LOCK_NB) != 0; waited += kLockPollMs) {
    if (errno != EWOULDBLOCK) return SystemError("cannot lock the work folder", errno);
    if (waited >= kLockWaitMs) return Internal("another process still works in the work folder");
    if (Readable(stop_fd, kLockPollMs)) return Cancelled("stopped on request");
  }
  return lock;
}

// The end of the child's standard error.
class ErrorTail {
 public:
  void Add(std::string_view bytes) {
    error_ += bytes;
    if (error_.size() > 2 * kErrorTailBytes) error_.erase(0, error_.size() - kErrorTailBytes);
  }

  // The last 8 KB.
  [[nodiscard]] std::string_view Text() const {
    const std::string_view all = error_;
    return Trim(all.substr(all.size() - std::min(all.size(), kErrorTailBytes)));
  }

 private:
  std::string error_;
};

// Reads what is there. False at the end of the stream.
template <typename Sink>
bool Drain(int fd, Sink sink) {
  std::array<char, 8192> buffer;
  while (true) {
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size == 0) return false;
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    sink(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
  }
}

bool HasExited(pid_t child) {
  siginfo_t information = {};
  return waitid(P_PID, static_cast<id_t>(child), &information, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         information.si_pid == child;
}

struct Ending {
  int status = 0;  // as waitpid gives it
  bool stopped = false;
};

// Follows the child to its end, then ends whatever it may have started.
Ending Supervise(pid_t child, Pipe& out, Pipe& err, int stop_fd, ProgressLines& progress,
                 ErrorTail& tail) {
  Ending ending;
  bool exited = false;
  bool open_out = true;
  bool open_err = true;
  while (!exited || open_out || open_err) {
    std::array<pollfd, 3> entries = {{{open_out ? out.read.get() : -1, POLLIN, 0},
                                      {open_err ? err.read.get() : -1, POLLIN, 0},
                                      {ending.stopped ? -1 : stop_fd, POLLIN, 0}}};
    poll(entries.data(), entries.size(), open_out || open_err ? kPollMs : 1);
    if (entries[2].revents != 0) {
      ending.stopped = true;
      kill(-child, SIGKILL);
    }
    if (!exited && HasExited(child)) {
      exited = true;
      kill(-child, SIGKILL);  // not yet reaped, so the group's number cannot be someone else's
    }
    if (open_out) {
      open_out = Drain(out.read.get(), [&](std::string_view bytes) { progress.Feed(bytes); });
    }
    if (open_err) {
      open_err = Drain(err.read.get(), [&](std::string_view bytes) { tail.Add(bytes); });
    }
  }
  while (waitpid(child, &ending.status, 0) < 0 && errno == EINTR) {
  }
  return ending;
}

Error DiedWithoutAnswer(const std::string& name, int status, std::string_view error_tail) {
  std::string message = "the '" + name + "' process ";
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    message += "was killed by signal " + std::to_string(number);
    message +=
        number == SIGKILL ? " (out of memory?)" : " (" + std::string(strsignal(number)) + ")";
  } else {
    message +=
        "ended with exit status " + std::to_string(WEXITSTATUS(status)) + " and without a result";
  }
  if (!error_tail.empty()) {
    Log(LogLevel::kWarning, "child process failed",
        {{"name", name}, {"stderr", std::string(error_tail)}});
    if (error_tail.size() > kReasonBytes) {
      error_tail.remove_prefix(error_tail.size() - kReasonBytes);
      error_tail.remove_prefix(std::min(error_tail.find('\n') + 1, error_tail.size()));
    }
    message += ": " + std::string(error_tail);
  }
  return Internal(message);
}

}  // namespace

Result<std::string> RunChildProcess(const ChildCommand& command, std::string_view request,
                                    int stop_fd,
                                    const std::function<void(const Progress&)>& report) {
  const auto lock = LockWorkFolder(command.work_folder, stop_fd);
  if (!lock) return lock.error();
  // An answer of an earlier attempt is not this one's.
  if (unlink((command.work_folder + "/result.json").c_str()) != 0 && errno != ENOENT) {
    return SystemError("cannot remove an old result.json", errno);
  }
  if (auto written = WriteFileAtomically(command.work_folder, "request.json", request); !written) {
    return written.error();
  }

  auto out = MakePipe();
  if (!out) return out.error();
  auto err = MakePipe();
  if (!err) return err.error();
  const Fd nothing = Raised(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (nothing.get() < 0) return SystemError("open /dev/null", errno);

  std::array<std::string, 5> words = {command.binary, "job", command.name, "--work",
                                      command.work_folder};
  std::array<char*, 6> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                    words[3].data(), words[4].data(), nullptr};
  const SpawnPlan plan{.binary = command.binary.c_str(),
                       .arguments = arguments.data(),
                       .environment = environ,
                       .parent = getpid(),
                       .standard_input = nothing.get(),
                       .standard_output = out->write.get(),
                       .standard_error = err->write.get(),
                       .lock = lock->get(),
                       .memory_limit = command.memory_limit};
  const pid_t child = Vfork(plan, &Exec);
  if (child < 0) return SystemError("cannot start the '" + command.name + "' process", errno);
  out->write.Close();
  err->write.Close();

  ProgressLines progress(report);
  ErrorTail tail;
  const Ending ending = Supervise(child, *out, *err, stop_fd, progress, tail);
  auto result = ReadChildResult(command.work_folder);
  if (!result) return result.error();
  if (*result) return std::move(**result);
  if (ending.stopped) return Cancelled("stopped on request");
  return DiedWithoutAnswer(command.name, ending.status, tail.Text());
}

}  // namespace usher::jobs
