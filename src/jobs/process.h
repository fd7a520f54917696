// A process of others' code, a function of Lambda or a script of Glue: started with a scrubbed
// environment, limits and a session of its own, and ended whole. jobs/child_process.h is the same
// for our own jobs, which are trusted.
//
// What holds it back: RLIMIT_NPROC (which the kernel does not hold root to), RLIMIT_FSIZE,
// RLIMIT_NOFILE, RLIMIT_AS, no core files, a high OOM score. It runs with the rights of the
// server's user; docs/security.md says what that means.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace usher::jobs {

inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

struct ProcessLimits {
  std::uint64_t processes = 256;              // and threads, besides those that run already
  std::uint64_t files = 1024;                 // open at once
  std::uint64_t address_space = 64ULL << 30;  // bytes
  std::uint64_t file_bytes = 512ULL << 20;    // of one file
};

struct ProcessSpec {
  std::vector<std::string> command;      // an absolute path first
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string folder;                    // to run in
  ProcessLimits limits = {};
  int nice = 0;
  bool separate_errors = false;  // standard error has a pipe of its own
  // What it writes on standard error when it cannot even begin.
  std::string cannot_enter = "cannot enter the working folder";
  std::string cannot_execute = "cannot execute";  // and the program, and why
};

struct Process {
  pid_t pid = -1;   // also of its process group and session
  UniqueFd ended;   // readable once it has ended (a pidfd)
  UniqueFd output;  // its standard output, and its standard error if that is not separate; does
                    // not block
  UniqueFd errors;  // its standard error, if that is separate; does not block
};

// Starts processes from one thread that lives as long as the server: the kernel ends a process with
// PR_SET_PDEATHSIG when the thread that started it ends, not the whole server.
class Spawner {
 public:
  Spawner();
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  // Errors: internal, with what could not be done.
  Result<Process> Start(const ProcessSpec& spec);

 private:
  struct Order;
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Order*> orders_;
  bool stopping_ = false;
  std::thread thread_;
};

// Ends the process, its group, and whatever left the group but still carries `mark` in its
// environment; gives the wait status of the process. Cost: a few ms.
int EndProcess(const Process& process, const std::string& mark);
// Ends every process whose environment has this text. Cost: reads /proc, as above.
void EndMarked(const std::string& mark);
// Number of processes of the session. Cost: reads /proc.
[[nodiscard]] std::size_t CountProcesses(pid_t session);
// The most memory that the process has had resident, in bytes; 0 when it cannot be read.
[[nodiscard]] std::uint64_t PeakMemory(pid_t pid);

}  // namespace usher::jobs
