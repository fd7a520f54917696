// A sandbox: one process of a function with its runtime API and its log stream, used for one
// invocation at a time and again for the next, as long as it behaves.
//
// The thread that runs an invocation drives everything: it starts the process where there is none,
// answers its runtime, reads its output, watches the deadline and ends it when it goes wrong. In
// between nobody looks at it but Tend(), now and then.
//
// Threads: one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/process.h"
#include "services/lambda/function_log.h"
#include "services/lambda/runtime_api.h"

namespace usher::lambda {

inline constexpr std::uint64_t kMaxFunctionProcesses = jobs::ProcessLimits{}.processes;
inline constexpr std::uint64_t kDefaultFunctionFileBytes = jobs::ProcessLimits{}.file_bytes;
inline constexpr std::chrono::seconds kInitTime{10};  // for the initialisation, beside the timeout

// What a sandbox is made of.
struct SandboxSpec {
  std::string function_version;  // "$LATEST" or a number
  std::string init_line;         // "INIT_START Runtime Version: …"
  std::int64_t memory_mb = 128;
  std::chrono::seconds timeout{3};
  std::vector<std::string> command;
  std::vector<std::string> environment;  // without AWS_LAMBDA_RUNTIME_API
  std::string folder;                    // of the code
  std::string scratch;                   // of its own, made and removed with it; TMPDIR
  std::uint64_t file_bytes = kDefaultFunctionFileBytes;
  std::string mark;  // a text in the environment that no other process has
  FunctionLog::Sink log;
  std::shared_ptr<const void> holds;  // what must stay while it lives: code, credentials
};

struct Invocation {
  std::string request_id;
  std::string_view payload;
  std::string function_arn;
  std::string trace_id;
  std::string trace_line;  // "XRAY TraceId: …", told with the report; empty: none
  std::string client_context;
  const std::atomic<bool>* stop = nullptr;  // of the caller: a server that shuts down
};

// When the parts of an invocation began and ended.
struct InvocationTimes {
  using SteadyTime = std::chrono::steady_clock::time_point;
  std::optional<SteadyTime> init_begin;  // of a cold start
  SteadyTime init_end;
  SteadyTime begin;
  SteadyTime reported;
  SteadyTime end;
};

struct InvocationResult {
  enum class Kind {
    kResponse,  // `payload` is the function's answer
    kFailed,    // it is an error: raised, timed out, crashed
    kStopped,   // the server shuts down; nobody knows how far it came
  };
  Kind kind = Kind::kFailed;
  std::string payload;
  std::string log_tail;
  // The runtime broke or was ended, in place of a handler that has failed.
  bool is_fault = false;
  InvocationTimes times;
};

class Sandbox {
 public:
  // `spawner` and `clock` outlive it.
  Sandbox(SandboxSpec spec, jobs::Spawner& spawner, const Clock& clock);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Never fails: what goes wrong is told in the result. Afterwards is_usable() says whether the
  // sandbox can take another one.
  InvocationResult Invoke(const Invocation& invocation);
  [[nodiscard]] bool is_usable() const { return usable_; }
  // Takes what the process wrote since; finds out whether it has ended. Does not wait.
  void Tend();
  // Ends a running invocation from another thread, soon.
  void Stop() { stopped_.store(true); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  enum class Wait { kReady, kReported, kEnded, kTimeout, kStopped, kTooManyProcesses };

  Result<void> Start();
  // Drives process, runtime and output until the runtime waits (`for_report` false) or has reported
  // (true), or something else has happened.
  Wait Drive(bool for_report, SteadyTime deadline, const std::atomic<bool>* stop);
  void ReadOutput();
  // The runtime's report becomes the result.
  [[nodiscard]] InvocationResult FromReport(RuntimeReport report) const;
  // The sandbox is of no more use; gives the reason in the words of the service.
  InvocationResult GiveUp(Wait why, const Invocation& invocation);
  void End();
  void LogEnd(const Invocation& invocation, SteadyTime begin, std::optional<double> init_ms);

  SandboxSpec spec_;
  jobs::Spawner& spawner_;
  const Clock& clock_;
  FunctionLog log_;
  std::unique_ptr<RuntimeApi> api_;
  std::optional<jobs::Process> process_;
  std::optional<int> exit_status_;
  std::uint64_t peak_memory_ = 0;
  SteadyTime last_read_;
  SteadyTime last_count_;
  std::optional<RuntimeReport> report_;
  std::vector<pollfd> polled_;
  std::atomic<bool> stopped_ = false;
  bool usable_ = true;
};

}  // namespace usher::lambda
