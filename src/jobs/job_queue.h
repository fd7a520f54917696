// JobQueue: durable background work. A job is a document (kind "job"), so that a resource and the
// job that builds it are committed together; runners lease jobs, report progress and end them.
//
//   batch.Create("personalize/dataset-import-job", arn, …);
//   queue.Enqueue(batch, {.type = "personalize.import", .subject = arn});
//   store.Commit(batch);  queue.Wake();
//
// A job interrupted by a crash of the server is leased again after the restart, with `attempt` one
// higher and its work folder as it was, until `max_attempts` are used up. An error that the handler
// returns ends the job at once. What a failure means for the subject is told to `on_failed`, and to
// it alone: a handler that was asked to stop just returns the error, since a server that shuts down
// asks in the same way and the job then goes on after the restart.
//
// So a handler may run again after it has done its work (the crash came just before the job's
// removal was committed) unless its last commit holds JobContext::Finish; likewise `on_failed`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/document_store.h"

namespace usher::jobs {

struct JobSpec {
  std::string type;     // names the handler: "personalize.train"
  std::string subject;  // what the job works for, usually an ARN
  std::string payload;  // JSON for the handler; may be empty
  int max_attempts =
      3;  // crashes count; an error that the handler returns is final unless it is kThrottled
};

struct Progress {
  double fraction = 0;  // 0 to 1
  std::string stage;    // "training", "reading" …
};

// What a handler sees of its job.
class JobContext {
 public:
  virtual ~JobContext() = default;
  [[nodiscard]] virtual const std::string& job_id() const = 0;
  [[nodiscard]] virtual const JobSpec& spec() const = 0;
  [[nodiscard]] virtual int attempt() const = 0;  // 1 on the first try
  // A folder of this job's own, kept between attempts (for checkpoints) and removed when the job
  // ends.
  [[nodiscard]] virtual const std::string& work_folder() const = 0;
  // True when someone asked this job to stop or the server shuts down: return soon, with Cancelled.
  [[nodiscard]] virtual bool stop_requested() const = 0;
  virtual void Report(const Progress& progress) = 0;
  // Adds the job's removal to the handler's last batch, so that result and end are one commit.
  virtual void Finish(storage::Batch& batch) = 0;
  // Runs `usher job <name>` as a child process: niced, in its own process group, with a memory
  // limit. `request` (JSON) is in its work folder as request.json; its result.json is the answer;
  // its progress lines are reported on the way. Errors: cancelled when a stop was requested (the
  // child is killed); whatever error the child recorded; internal with the signal or exit status
  // when it died without one.
  virtual Result<std::string> RunChild(std::string_view name, std::string_view request) = 0;
};

using JobHandler = std::function<Result<void>(JobContext&)>;
// Called when a job has failed for good, to put the reason on its subject. Must not fail for want
// of a retry.
using FailureHandler = std::function<void(const JobSpec&, const Error&)>;

struct JobType {
  std::string name;
  JobHandler run;
  FailureHandler on_failed;
  int at_once = 0;  // jobs of this type that may run at the same time; 0 = as many as there is room
};

class JobQueue {
 public:
  virtual ~JobQueue() = default;

  // Adds the job to `batch`; it exists once the batch is committed. Gives the job's id.
  virtual std::string Enqueue(storage::Batch& batch, JobSpec spec) = 0;
  // Tells the runners that a batch with a job was committed.
  virtual void Wake() = 0;
  // Asks the job of this type and subject to stop, if there is one: a waiting job ends at once as
  // cancelled, a running one when its handler returns.
  virtual Result<void> RequestStop(std::string_view type, std::string_view subject) = 0;
  // Latest progress of a running job; zero when it has not begun.
  [[nodiscard]] virtual Progress ProgressOf(std::string_view type,
                                            std::string_view subject) const = 0;
};

struct RunnerOptions {
  std::string data_folder;  // work folders go under <data_folder>/jobs/
  std::string binary;       // the usher binary for child processes, usually /proc/self/exe
  int concurrency = 4;  // jobs that run at once: a limited one of each heavy type, and a light one
  std::uint64_t child_memory_limit = 0;  // bytes of address space for a child; 0 = no limit
  // Wait before a job that ended with kThrottled is tried again; doubles with each attempt.
  std::chrono::milliseconds retry_delay{1000};
};

// The queue with its runner threads. Types are all known at start. Stop() (also called by the
// destructor) requests a stop of nothing: it lets children be killed and their jobs be leased again
// by the next start.
class JobRunner : public JobQueue {
 public:
  // `store` must outlive the runner.
  static Result<std::unique_ptr<JobRunner>> Create(storage::DocumentStore& store,
                                                   RunnerOptions options);
  virtual void AddType(JobType type) = 0;  // before Start()
  // Takes up what an earlier run of the server left. Errors: internal when the store cannot be
  // read.
  virtual Result<void> Start() = 0;
  virtual void Stop() = 0;
};

}  // namespace usher::jobs
