#include "jobs/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "jobs/vfork.h"

namespace usher::jobs {
namespace {

constexpr std::string_view kOomScore = "500";  // the kernel ends it before the server
constexpr int kSweeps = 8;                     // for processes that are made while others are ended
// For those of one sweep to be gone: a busy machine needs a while, the kernel may hold one up.
constexpr std::chrono::seconds kLongestEnd{1};
constexpr std::size_t kMaxEnvironBytes = 256U << 10;

// Everything that the child needs between vfork and exec, made before: there it may not allocate.
struct SpawnPlan {
  char* const* arguments;
  char* const* environment;
  const char* folder;
  pid_t parent;
  int input, output, errors;
  ProcessLimits limits;  // processes: with those that run already
  int nice;
  const char* cannot_enter;
  const char* cannot_execute;
};

void Limit(__rlimit_resource which, std::uint64_t value) {
  if (value == kUnlimited) return;
  rlimit limit{};
  if (getrlimit(which, &limit) != 0) return;
  if (limit.rlim_max < value) value = limit.rlim_max;
  limit.rlim_cur = limit.rlim_max = value;
  setrlimit(which, &limit);
}

void Say(const char* words) { (void)!write(2, words, std::strlen(words)); }

// Runs in the child, which still shares the parent's memory: system calls only.
[[noreturn]] void Exec(const SpawnPlan& plan) {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (const int number : {SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP}) {
    sigaction(number, &standard, nullptr);
  }
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);  // the parent died before the line above
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) (void)!write(score, kOomScore.data(), kOomScore.size());
  Limit(RLIMIT_CORE, 0);
  Limit(RLIMIT_NOFILE, plan.limits.files);
  Limit(RLIMIT_AS, plan.limits.address_space);
  Limit(RLIMIT_FSIZE, plan.limits.file_bytes);
  Limit(RLIMIT_NPROC, plan.limits.processes);
  if (plan.nice != 0) (void)!nice(plan.nice);
  dup2(plan.input, 0);
  dup2(plan.output, 1);
  dup2(plan.errors, 2);
  close_range(3, ~0U, 0);
  umask(022);
  if (chdir(plan.folder) != 0) {
    Say(plan.cannot_enter);
    Say("\n");
    _exit(127);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(plan.arguments[0], plan.arguments, plan.environment);
  const char* why = strerrordesc_np(errno);
  for (const char* words :
       {plan.cannot_execute, " ", static_cast<const char*>(plan.arguments[0]), ": "}) {
    Say(words);
  }
  if (why != nullptr) Say(why);
  Say("\n");
  _exit(127);
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("pipe", errno);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<Process> Spawn(const ProcessSpec& spec) {
  auto output = MakePipe();
  if (!output) return output.error();
  Pipe errors;
  if (spec.separate_errors) {
    auto made = MakePipe();
    if (!made) return made.error();
    errors = *std::move(made);
  }
  const UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (nothing.get() < 0) return SystemError("/dev/null", errno);

  // The limit counts every process of the user; all that run now is what it may have already.
  struct sysinfo info{};
  sysinfo(&info);
  const std::vector<char*> arguments = Pointers(spec.command);
  const std::vector<char*> environment = Pointers(spec.environment);
  SpawnPlan plan{.arguments = arguments.data(),
                 .environment = environment.data(),
                 .folder = spec.folder.c_str(),
                 .parent = getpid(),
                 .input = nothing.get(),
                 .output = output->write.get(),
                 .errors = spec.separate_errors ? errors.write.get() : output->write.get(),
                 .limits = spec.limits,
                 .nice = spec.nice,
                 .cannot_enter = spec.cannot_enter.c_str(),
                 .cannot_execute = spec.cannot_execute.c_str()};
  if (plan.limits.processes != kUnlimited) plan.limits.processes += info.procs;
  Process process;
  process.pid = Vfork(plan, &Exec);
  if (process.pid < 0) return SystemError("cannot start a process", errno);
  process.ended = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (process.ended.get() < 0) {
    const Error error = SystemError("pidfd_open", errno);
    kill(-process.pid, SIGKILL);
    waitpid(process.pid, nullptr, 0);
    return error;
  }
  process.output = std::move(output->read);
  process.errors = std::move(errors.read);
  return process;
}

// ---- /proc ----

std::string ReadProcFile(pid_t pid, const char* name, std::size_t limit) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (fd.get() < 0) return text;
  std::array<char, 4096> buffer;
  while (text.size() < limit) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> pids;
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return pids;
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && end == name.data() + name.size()) pids.push_back(pid);
  }
  closedir(folder);
  return pids;
}

// Not for a descriptor that could not be made: its process is gone.
void WaitUntilReadable(int fd, std::chrono::steady_clock::time_point until) {
  if (fd < 0) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(until - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration(0)));
  pollfd entry{fd, POLLIN, 0};
  poll(&entry, 1, static_cast<int>(left.count()));
}

}  // namespace

// Whatever has left the group by setsid() still has the environment that it was started with,
// unless it took pains to lose that too.
void EndMarked(const std::string& mark) {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    std::vector<UniqueFd> killed;
    for (const pid_t pid : AllProcesses()) {
      if (ReadProcFile(pid, "environ", kMaxEnvironBytes).find(mark) == std::string::npos) continue;
      killed.emplace_back(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
      kill(pid, SIGKILL);
    }
    if (killed.empty()) return;
    const auto until = std::chrono::steady_clock::now() + kLongestEnd;
    for (const UniqueFd& ended : killed) WaitUntilReadable(ended.get(), until);
  }
}

struct Spawner::Order {
  const ProcessSpec& spec;
  std::optional<Result<Process>> done;
};

Spawner::Spawner() : thread_([this] { Work(); }) {}

Spawner::~Spawner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<Process> Spawner::Start(const ProcessSpec& spec) {
  Order order{.spec = spec, .done = std::nullopt};
  std::unique_lock lock(mutex_);
  orders_.push_back(&order);
  changed_.notify_all();
  changed_.wait(lock, [&] { return order.done.has_value(); });
  return *std::move(order.done);
}

void Spawner::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !orders_.empty(); });
    if (orders_.empty()) return;
    Order* order = orders_.front();
    orders_.pop_front();
    lock.unlock();
    auto process = Spawn(order->spec);
    lock.lock();
    order->done = std::move(process);
    changed_.notify_all();
  }
}

int EndProcess(const Process& process, const std::string& mark) {
  kill(-process.pid, SIGKILL);
  kill(process.pid, SIGKILL);  // in the moment before setsid() the group is not there yet
  int status = 0;
  while (waitpid(process.pid, &status, 0) < 0 && errno == EINTR) {
  }
  EndMarked(mark);
  return status;
}

std::size_t CountProcesses(pid_t session) {
  std::size_t count = 0;
  for (const pid_t pid : AllProcesses()) {
    if (getsid(pid) == session) ++count;
  }
  return count;
}

std::uint64_t PeakMemory(pid_t pid) {
  const std::string status = ReadProcFile(pid, "status", 4096);
  const std::size_t at = status.find("VmHWM:");
  if (at == std::string::npos) return 0;
  std::size_t digits = status.find_first_of("0123456789", at);
  if (digits == std::string::npos) return 0;
  std::uint64_t kilobytes = 0;
  std::from_chars(status.data() + digits, status.data() + status.size(), kilobytes);
  return kilobytes << 10;
}

}  // namespace usher::jobs
