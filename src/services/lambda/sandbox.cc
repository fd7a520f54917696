#include "services/lambda/sandbox.h"

#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "json/json.h"

namespace usher::lambda {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLookAround{100};   // how long a stop may stay unnoticed
constexpr milliseconds kCutReadPause{10};  // between reads of output that is dropped anyway
constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::size_t kMaxReadAtOnce = 1U << 20;

std::string Fixed2(double number) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.2f", number);
  return text.data();
}

double MillisSince(steady_clock::time_point begin) {
  return duration<double, std::milli>(steady_clock::now() - begin).count();
}

std::string ErrorPayload(std::string_view message, std::string_view type) {
  ValueMap body;
  if (!type.empty()) body.Append("errorType", type);
  body.Append("errorMessage", message);
  return json::Write(body);
}

std::string Ending(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return "signal: " + std::string(name != nullptr ? name : std::to_string(WTERMSIG(status)));
  }
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Sandbox::Sandbox(SandboxSpec spec, jobs::Spawner& spawner, const Clock& clock)
    : spec_(std::move(spec)), spawner_(spawner), clock_(clock), log_(clock, spec_.log) {}

Sandbox::~Sandbox() {
  End();
  std::error_code ignored;
  std::filesystem::remove_all(spec_.scratch, ignored);
}

Result<void> Sandbox::Start() {
  auto api = RuntimeApi::Listen();
  if (!api) return api.error();
  api_ = *std::move(api);
  std::error_code error;
  std::filesystem::create_directories(spec_.scratch, error);
  if (error) return Internal("cannot make a folder for a function: " + error.message());
  jobs::ProcessSpec process{
      .command = spec_.command,
      .environment = spec_.environment,
      .folder = spec_.folder,
      .limits = {.file_bytes = spec_.file_bytes},
      .cannot_enter = "Runtime.InvalidWorkingDir: cannot enter the code's folder",
      .cannot_execute = "Runtime.InvalidEntrypoint: cannot execute"};
  process.environment.push_back("AWS_LAMBDA_RUNTIME_API=" + api_->Address());
  auto started = spawner_.Start(process);
  if (!started) return started.error();
  process_ = *std::move(started);
  return {};
}

InvocationResult Sandbox::Invoke(const Invocation& invocation) {
  log_.Begin();
  std::optional<double> init_ms;
  auto begin = steady_clock::now();
  last_count_ = begin;
  InvocationTimes times{.init_begin = std::nullopt,
                        .init_end = begin,
                        .begin = begin,
                        .reported = begin,
                        .end = begin};
  if (!process_) {
    times.init_begin = begin;
    log_.Write(spec_.init_line);
    if (const auto started = Start(); !started) {
      usable_ = false;
      log_.Write("ERROR " + started.error().message);
      return {.kind = InvocationResult::Kind::kFailed,
              .payload = ErrorPayload(started.error().message, "Runtime.CannotStart"),
              .log_tail = log_.tail(),
              .is_fault = true,
              .times = times};
    }
    const Wait wait = Drive(false, begin + kInitTime + spec_.timeout, invocation.stop);
    init_ms = MillisSince(begin);
    begin = steady_clock::now();
    times.init_end = times.begin = times.reported = begin;
    if (wait != Wait::kReady) {
      log_.Write("START RequestId: " + invocation.request_id +
                 " Version: " + spec_.function_version);
      InvocationResult result = wait == Wait::kReported
                                    ? FromReport(*std::exchange(report_, std::nullopt))
                                    : GiveUp(wait, invocation);
      End();
      LogEnd(invocation, begin, init_ms);
      result.log_tail = log_.tail();
      result.is_fault = true;
      times.end = steady_clock::now();
      result.times = times;
      return result;
    }
  }

  const auto deadline = begin + spec_.timeout;
  Wait wait = Drive(false, deadline, invocation.stop);  // a warm one may be on its way back
  log_.Write("START RequestId: " + invocation.request_id + " Version: " + spec_.function_version);
  if (wait == Wait::kReady) {
    api_->Send({.request_id = invocation.request_id,
                .payload = invocation.payload,
                .deadline = clock_.Now() + spec_.timeout,
                .function_arn = invocation.function_arn,
                .trace_id = invocation.trace_id,
                .client_context = invocation.client_context});
    wait = Drive(true, deadline, invocation.stop);
  } else if (wait == Wait::kReported) {
    wait = Wait::kEnded;  // a runtime that reports without having been asked
  }
  times.reported = steady_clock::now();
  InvocationResult result = wait == Wait::kReported
                                ? FromReport(*std::exchange(report_, std::nullopt))
                                : GiveUp(wait, invocation);
  result.is_fault = wait != Wait::kReported;
  LogEnd(invocation, begin, init_ms);
  result.log_tail = log_.tail();
  times.end = steady_clock::now();
  result.times = times;
  return result;
}

Sandbox::Wait Sandbox::Drive(bool for_report, SteadyTime deadline, const std::atomic<bool>* stop) {
  while (true) {
    if (auto report = api_->TakeReport()) {
      ReadOutput();  // it wrote this before it reported
      report_ = std::move(report);
      return Wait::kReported;
    }
    if (!for_report && api_->is_waiting()) return Wait::kReady;
    if (exit_status_ || !process_) return Wait::kEnded;
    if (stopped_.load() || (stop != nullptr && stop->load())) return Wait::kStopped;
    const auto now = steady_clock::now();
    if (now >= deadline) return Wait::kTimeout;

    milliseconds pause = std::min(kLookAround, std::chrono::ceil<milliseconds>(deadline - now));
    polled_.clear();
    polled_.push_back({process_->ended.get(), POLLIN, 0});
    // Output that is dropped is still taken, so that the function does not stand still, but slowly.
    const bool read_later = log_.is_cut() && now - last_read_ < kCutReadPause;
    if (read_later) pause = std::min(pause, kCutReadPause);
    polled_.push_back({read_later ? -1 : process_->output.get(), POLLIN, 0});
    api_->AddTo(polled_);
    if (poll(polled_.data(), polled_.size(), static_cast<int>(pause.count())) < 0 &&
        errno != EINTR) {
      return Wait::kEnded;
    }
    if (polled_[1].revents != 0) ReadOutput();
    api_->Work(std::span<const pollfd>(polled_).subspan(2));
    if (polled_[0].revents != 0) {
      // What it said before its end still counts: one more look at the sockets.
      polled_.clear();
      api_->AddTo(polled_);
      if (poll(polled_.data(), polled_.size(), 0) > 0) api_->Work(polled_);
      report_ = api_->TakeReport();
      End();
      return report_ ? Wait::kReported : Wait::kEnded;
    }
    if (now - last_count_ >= kLookAround) {
      last_count_ = now;
      if (jobs::CountProcesses(process_->pid) > kMaxFunctionProcesses)
        return Wait::kTooManyProcesses;
    }
  }
}

void Sandbox::ReadOutput() {
  last_read_ = steady_clock::now();
  std::array<char, kReadBytes> buffer;
  for (std::size_t taken = 0; taken < kMaxReadAtOnce;) {
    const ssize_t got = read(process_->output.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    log_.Feed(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    if (log_.is_cut()) return;
    taken += static_cast<std::size_t>(got);
  }
}

InvocationResult Sandbox::FromReport(RuntimeReport report) const {
  const bool answered = report.kind == RuntimeReport::Kind::kResponse;
  return {.kind = answered ? InvocationResult::Kind::kResponse : InvocationResult::Kind::kFailed,
          .payload = std::move(report.payload),
          .log_tail = {}};
}

InvocationResult Sandbox::GiveUp(Wait why, const Invocation& invocation) {
  InvocationResult result;
  End();
  log_.Flush();
  if (why == Wait::kStopped) {
    result.kind = InvocationResult::Kind::kStopped;
    result.payload = ErrorPayload("the server was stopped", "Runtime.Stopped");
    log_.Write("ERROR RequestId: " + invocation.request_id + " The server was stopped");
    return result;
  }
  if (why == Wait::kTimeout) {
    const std::string words = FormatIso8601(clock_.Now()) + " " + invocation.request_id +
                              " Task timed out after " +
                              Fixed2(static_cast<double>(spec_.timeout.count())) + " seconds";
    log_.Write(words);
    result.payload = ErrorPayload(words, "");
    return result;
  }
  const std::string reason = why == Wait::kTooManyProcesses
                                 ? "Runtime was ended: it had made more than " +
                                       std::to_string(kMaxFunctionProcesses) + " processes"
                                 : "Runtime exited with error: " + Ending(exit_status_.value_or(0));
  const std::string type =
      why == Wait::kTooManyProcesses ? "Runtime.TooManyProcesses" : "Runtime.ExitError";
  const std::string words = "RequestId: " + invocation.request_id + " Error: " + reason;
  log_.Write(words);
  log_.Write(type);
  result.payload = ErrorPayload(words, type);
  return result;
}

void Sandbox::End() {
  usable_ = false;
  if (!process_) return;
  peak_memory_ = std::max(peak_memory_, jobs::PeakMemory(process_->pid));
  exit_status_ = jobs::EndProcess(*process_, spec_.mark);
  ReadOutput();
  process_.reset();
}

void Sandbox::LogEnd(const Invocation& invocation, SteadyTime begin,
                     std::optional<double> init_ms) {
  const double ms = MillisSince(begin);
  if (process_) peak_memory_ = std::max(peak_memory_, jobs::PeakMemory(process_->pid));
  log_.Write("END RequestId: " + invocation.request_id);
  std::string report =
      "REPORT RequestId: " + invocation.request_id + "\tDuration: " + Fixed2(ms) +
      " ms\tBilled Duration: " + std::to_string(static_cast<std::int64_t>(std::ceil(ms))) +
      " ms\tMemory Size: " + std::to_string(spec_.memory_mb) +
      " MB\tMax Memory Used: " + std::to_string((peak_memory_ >> 20) + 1) + " MB\t";
  if (init_ms) report += "Init Duration: " + Fixed2(*init_ms) + " ms\t";
  if (!invocation.trace_line.empty()) report += "\n" + invocation.trace_line;
  log_.Write(std::move(report));
}

void Sandbox::Tend() {
  if (!process_) return;
  ReadOutput();
  polled_.clear();
  polled_.push_back({process_->ended.get(), POLLIN, 0});
  api_->AddTo(polled_);
  if (poll(polled_.data(), polled_.size(), 0) <= 0) return;
  api_->Work(std::span<const pollfd>(polled_).subspan(1));
  if (polled_[0].revents != 0) usable_ = false;
}

}  // namespace usher::lambda
