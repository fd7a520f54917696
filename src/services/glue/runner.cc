#include "services/glue/runner.h"

#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "jobs/child_result.h"
#include "jobs/progress_lines.h"
#include "log_events/as_utf8.h"
#include "metrics/registry.h"
#include "services/glue/job_rules.h"
#include "services/glue/names.h"
#include "services/glue/operations.h"
#include "services/glue/run_command.h"
#include "services/glue/run_log.h"
#include "services/glue/run_process.h"

namespace usher::glue {
namespace {

using jobs::Outcome;
using log_events::LogWriter;

constexpr std::chrono::seconds kStoreRetry{1};
constexpr std::string_view kOutputGroup = "/aws-glue/jobs/output";
constexpr std::string_view kErrorGroup = "/aws-glue/jobs/error";
constexpr std::string_view kContinuousGroup = "/aws-glue/jobs/logs-v2";
constexpr std::string_view kMetrics = "Glue";  // as the service calls its own

std::string ArgumentOr(const RunRecord& run, const std::string& name, std::string_view otherwise) {
  const auto found = run.arguments.find(name);
  return found == run.arguments.end() || found->second.empty() ? std::string(otherwise)
                                                               : found->second;
}

// The streams of standard output and standard error.
struct RunStreams {
  std::vector<LogWriter::Stream> output;
  std::vector<LogWriter::Stream> errors;
};

RunStreams StreamsOf(const RunRecord& run) {
  const std::string id = *run.run.id;
  RunStreams streams{.output = {{run.region, std::string(kOutputGroup), id}},
                     .errors = {{run.region, std::string(kErrorGroup), id}}};
  if (AsciiLower(ArgumentOr(run, "--enable-continuous-cloudwatch-log", "false")) == "true") {
    const LogWriter::Stream continuous{
        run.region, ArgumentOr(run, "--continuous-log-logGroup", kContinuousGroup),
        ArgumentOr(run, "--continuous-log-logStreamPrefix", id)};
    streams.output.push_back(continuous);
    streams.errors.push_back(continuous);
  }
  return streams;
}

// What the end of a run is recorded as.
struct Ending {
  std::string_view state;
  std::string message;
  std::chrono::milliseconds time{0};
};

std::string ReasonLeft(const std::string& file) {
  const auto reason = jobs::ReadWholeFile(file, kMaxReasonBytes);
  return reason ? log_events::AsUtf8(Trim(*reason)) : std::string();
}

// Why a process that ended by itself has failed.
std::string WhyFailed(const RunFolder& folder, int status, const std::string& last_error) {
  if (std::string left = ReasonLeft(folder.reason_file()); !left.empty()) return left;
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return "The process was killed by signal " + std::to_string(number) +
           (number == SIGKILL ? " (out of memory?)" : "");
  }
  std::string message = "Command failed with exit code " + std::to_string(WEXITSTATUS(status));
  if (!last_error.empty()) message += ": " + last_error;
  return message;
}

Ending EndingOf(const RunRecord& run, const RunEnd& end, const RunFolder& folder,
                const std::string& last_error) {
  if (end.kind == RunEnd::Kind::kStopped)
    return {.state = kStopped, .message = {}, .time = end.time};
  if (end.kind == RunEnd::Kind::kTimedOut) {
    return {.state = kTimeout,
            .message = "The run was ended when its Timeout of " +
                       std::to_string(run.run.timeout.value_or(0)) + " minutes was over",
            .time = end.time};
  }
  if (run.command.name == kBuiltinCommand) {
    const auto result = jobs::ReadChildResult(folder.path());
    if (result && *result && **result) {
      return {.state = kSucceeded, .message = {}, .time = end.time};
    }
    if (result && *result) {
      return {.state = kFailed, .message = (*result)->error().message, .time = end.time};
    }
  } else if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) {
    return {.state = kSucceeded, .message = {}, .time = end.time};
  }
  return {.state = kFailed, .message = WhyFailed(folder, end.status, last_error), .time = end.time};
}

// A place among the runs of a kind that few may go on of; without a limit there always is one.
class Place {
 public:
  explicit Place(std::counting_semaphore<>* places)
      : places_(places), is_taken_(!places || places->try_acquire()) {}
  ~Place() {
    if (places_ && is_taken_) places_->release();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  [[nodiscard]] bool is_taken() const { return is_taken_; }

 private:
  std::counting_semaphore<>* places_;
  bool is_taken_;
};

class Runner {
 public:
  Runner(Service& service, const jobs::StopToken& stop) : service_(service), stop_(stop) {}

  Outcome CarryOut(const std::string& key) {
    auto run = service_.catalog.FindRunByKey(key);
    if (!run && run.error().code == ErrorCode::kNotFound) return Outcome::Done();  // job deleted
    if (!run) return Again(run.error());
    if (HasEnded(run->state())) return Outcome::Done();
    const auto signal = service_.signals.Listen(key);
    if (*signal == StopSignals::Wish::kServerStops) return Outcome::Interrupted();
    if (run->state() == kStopping) return End(*run, {.state = kStopped});
    if (run->begun >= kMaxBegun) {
      return End(*run, {.state = kFailed,
                        .message = "The server ended " + std::to_string(kMaxBegun) +
                                   " times while this run went on"});
    }
    const auto of_job =
        service_.catalog.ActiveRuns(run->region, *run->run.job_name, 2 * kMaxActiveRuns);
    if (!of_job) return Again(of_job.error());
    // As few runs of its job that began before it as may go on at once.
    const std::int64_t before = PlaceIn(*of_job, key);
    if (before >= run->max_at_once) {
      return Wait(*run, TimeToNextLook(before, run->max_at_once));
    }
    const Place place(run->command.name == kSparkCommand ? &service_.spark_places : nullptr);
    if (!place.is_taken()) {
      const auto of_spark = service_.catalog.ActiveRunsOfCommand(kSparkCommand);
      if (!of_spark) return Again(of_spark.error());
      return Wait(*run, TimeToNextLook(PlaceIn(*of_spark, key), kSparkRunsAtOnce));
    }

    if (const auto begun = Begin(*run); !begun) return Again(begun.error());
    auto folder = RunFolder::Make(service_.options.data_folder, *run->run.id);
    if (!folder) return End(*run, {.state = kFailed, .message = folder.error().message});
    return Run(*run, **folder, *signal);
  }

 private:
  // How many are before the run.
  static std::int64_t PlaceIn(const std::vector<std::string>& line, const std::string& key) {
    return std::ranges::find(line, key) - line.begin();
  }

  Outcome Wait(RunRecord& run, std::chrono::seconds time) {
    if (run.state() != kWaiting) {
      run.run.job_run_state = kWaiting;
      run.run.last_modified_on = service_.clock.Now();
      storage::Batch batch;
      Catalog::AddUpdate(batch, run);
      if (const auto committed = service_.catalog.Commit(batch); !committed) {
        return Again(committed.error());
      }
    }
    return Outcome::Later(service_.clock.Now() + time);
  }

  Result<void> Begin(RunRecord& run) {
    ++run.begun;
    run.run.job_run_state = kRunning;
    run.run.last_modified_on = service_.clock.Now();
    storage::Batch batch;
    Catalog::AddUpdate(batch, run);
    auto committed = service_.catalog.Commit(batch);
    if (committed) ++run.version;
    return committed;
  }

  Outcome Run(RunRecord& run, const RunFolder& folder, const StopSignals::Signal& signal) {
    const RunStreams streams = StreamsOf(run);
    RunLog output(SinkOf(streams.output));
    RunLog errors(SinkOf(streams.errors));
    if (run.begun > 1) {
      errors.Write("USHER The server ended while this run went on: it begins again.");
    }
    const auto command = MakeRunCommand(run, folder, service_);
    if (!command) return EndUnlessStopping(run, command.error(), errors);
    for (const std::string& note : command->notes) errors.Write(note);
    const auto process = service_.spawner.Start(command->process);
    if (!process) return EndUnlessStopping(run, process.error(), errors);

    const bool is_builtin = run.command.name == kBuiltinCommand;
    // A built-in job tells its progress by standard output, and its lines by standard error.
    std::string stage;
    jobs::ProgressLines progress([&](const jobs::Progress& now) {
      if (std::exchange(stage, now.stage) != now.stage) output.Write(now.stage);
      const auto percent = std::lround(now.fraction * 100);
      service_.progress.Set(run.key(), now.stage + ", " + std::to_string(percent) + " %");
    });
    const RunEnd end = FollowRun(
        *process, folder.mark(),
        {.timeout = std::chrono::minutes(run.run.timeout.value_or(kDefaultTimeoutMinutes)),
         .signal = signal,
         .output =
             [&](std::string_view bytes) {
               is_builtin ? progress.Feed(bytes) : output.Feed(bytes);
             },
         .errors = [&](std::string_view bytes) { (is_builtin ? output : errors).Feed(bytes); }});
    service_.progress.Forget(run.key());
    output.Flush();
    errors.Flush();
    if (end.kind == RunEnd::Kind::kInterrupted || IsStopping()) return Interrupt(run);
    const Ending ending =
        EndingOf(run, end, folder, is_builtin ? output.last_line() : errors.last_line());
    if (is_builtin && ending.state == kFailed) errors.Write(ending.message);
    return End(run, ending);
  }

  [[nodiscard]] RunLog::Sink SinkOf(const std::vector<LogWriter::Stream>& streams) const {
    return [this, &streams](const std::vector<std::string>& lines) {
      const Time now = service_.clock.Now();
      for (const LogWriter::Stream& stream : streams) service_.logs.Write(stream, now, lines);
    };
  }

  // An orderly end of the server does not count as a begin.
  Outcome Interrupt(RunRecord& run) {
    --run.begun;
    storage::Batch batch;
    Catalog::AddUpdate(batch, run);
    if (const auto committed = service_.catalog.Commit(batch); !committed) {
      Log(LogLevel::kWarning, "a job run that is interrupted counts as begun",
          {{"run", *run.run.id}, {"reason", committed.error().message}});
    }
    return Outcome::Interrupted();
  }

  // Once the server stops, a failure may be nothing but that.
  [[nodiscard]] bool IsStopping() const { return stop_.load(); }

  Outcome EndUnlessStopping(RunRecord& run, const Error& error, RunLog& errors) {
    if (IsStopping()) return Interrupt(run);
    errors.Write(error.message);
    return End(run, {.state = kFailed, .message = error.message});
  }

  Outcome Again(const Error& error) {
    if (error.code != ErrorCode::kInUse) {  // else somebody stopped it in between
      Log(LogLevel::kError, "a job run cannot be read or written, tried again",
          {{"reason", error.message}});
    }
    return Outcome::Later(service_.clock.Now() + kStoreRetry);
  }

  // Records the end. A stop that was accepted while the process ended by itself does not change
  // that it succeeded, but a failure is then the stop's, and no reason to try again.
  Outcome End(RunRecord& run, Ending ending) {
    while (true) {
      run.run.job_run_state = ending.state;
      run.run.completed_on = run.run.last_modified_on = service_.clock.Now();
      run.run.execution_time = static_cast<std::int64_t>(
          std::llround(std::chrono::duration<double>(ending.time).count()));
      run.run.error_message.reset();
      if (!ending.message.empty()) run.run.error_message = ending.message;
      // Committed here rather than with the delivery's end: only so a change in between is seen.
      // The delivery of a run that has ended does nothing.
      const auto committed = CommitEnd(run);
      if (committed) break;
      if (committed.error().code == ErrorCode::kNotFound) return Outcome::Done();  // job deleted
      if (committed.error().code != ErrorCode::kInUse) return Again(committed.error());
      const auto now_stored = service_.catalog.FindRunByKey(run.key());
      if (!now_stored && now_stored.error().code == ErrorCode::kNotFound) return Outcome::Done();
      if (!now_stored) return Again(now_stored.error());
      run.version = now_stored->version;
      if (now_stored->state() == kStopping && ending.state == kFailed) {
        ending = {.state = kStopped, .message = {}, .time = ending.time};
      }
    }
    service_.deliveries.Wake();
    Tell(run, ending);
    return Outcome::Done();
  }

  // With the next attempt, where there is one.
  Result<void> CommitEnd(const RunRecord& run) {
    storage::Batch batch;
    Catalog::AddUpdate(batch, run);
    if (run.state() != kFailed || run.run.attempt.value_or(0) >= run.max_retries) {
      return service_.catalog.Commit(batch);
    }
    const std::lock_guard lock(service_.changing);
    const auto job = service_.catalog.FindJob(run.region, *run.run.job_name);
    if (!job && job.error().code != ErrorCode::kNotFound) return job.error();
    if (job) {
      const auto added = AddRunOfJob(batch, NextAttempt(run), *job, service_);
      if (!added) return added;
    }
    return service_.catalog.Commit(batch);
  }

  [[nodiscard]] RunRecord NextAttempt(const RunRecord& run) const {
    RunRecord next = run;
    const auto attempt = static_cast<int>(run.run.attempt.value_or(0)) + 1;
    next.run.attempt = attempt;
    next.run.id = AttemptId(*run.run.id, attempt);
    next.run.previous_run_id = run.run.id;
    next.run.job_run_state = kStarting;
    next.run.started_on = next.run.last_modified_on = service_.clock.Now();
    next.run.completed_on.reset();
    next.run.error_message.reset();
    next.run.execution_time.reset();
    next.begun = 0;
    next.version = 0;
    return next;
  }

  void Tell(const RunRecord& run, const Ending& ending) {
    const std::string& job = *run.run.job_name;
    Log(ending.state == kFailed || ending.state == kTimeout ? LogLevel::kWarning : LogLevel::kInfo,
        "a job run has ended",
        {{"job", job},
         {"run", *run.run.id},
         {"state", std::string(ending.state)},
         {"s", std::to_string(*run.run.execution_time)},
         {"error", ending.message}});
    metrics::Registry* registry = service_.dispatcher.metrics();
    if (!registry) return;
    const bool succeeded = ending.state == kSucceeded;
    registry->Add(kMetrics, "RunDuration", {{"JobName", job}},
                  std::chrono::duration<double>(ending.time).count(), metrics::kSeconds);
    registry->Count(kMetrics, "RunsSucceeded", {{"JobName", job}}, succeeded ? 1 : 0);
    registry->Count(kMetrics, "RunsFailed", {{"JobName", job}},
                    ending.state == kFailed || ending.state == kTimeout ? 1 : 0);
  }

  Service& service_;
  const jobs::StopToken& stop_;
};

}  // namespace

void AddRunLane(Service& service) {
  service.deliveries.AddLane(
      {.name = std::string(kRunLane),
       .deliver = [&service](
                      const jobs::Delivery& delivery,
                      const jobs::StopToken& stop) { return CarryOut(delivery, stop, service); },
       .at_once = kRunsAtOnce});
}

Result<void> AddRunOfJob(storage::Batch& batch, const RunRecord& run, JobRecord job,
                         Service& service) {
  ++job.runs;
  if (const auto kept = static_cast<std::int64_t>(kMaxRunsKept); job.runs > kept) {
    const auto old =
        service.catalog.OldestEndedRuns(job, static_cast<std::size_t>(job.runs - kept));
    if (!old) return old.error();
    for (const std::string& key : *old) Catalog::AddRemove(batch, key);
    job.runs -= static_cast<std::int64_t>(old->size());
  }
  Catalog::AddUpdate(batch, job);
  Catalog::AddRun(batch, run);
  service.deliveries.Enqueue(batch, kRunLane, {.key = *run.run.job_name, .payload = run.key()});
  return {};
}

std::chrono::seconds TimeToNextLook(std::int64_t before, std::int64_t at_once) {
  constexpr std::chrono::seconds kFirst{1};
  constexpr std::chrono::seconds kLast{60};
  return std::clamp(std::chrono::seconds(before / at_once), kFirst, kLast);
}

Outcome CarryOut(const jobs::Delivery& delivery, const jobs::StopToken& stop, Service& service) {
  return Runner(service, stop).CarryOut(delivery.payload);
}

}  // namespace usher::glue
