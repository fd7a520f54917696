// JobRunner over a DocumentStore: an index of waiting and running jobs in memory, while the
// documents alone decide what is still to be done after a restart.
//
// The life of a job's document:
//   created by Enqueue's batch > lease (attempt + 1) > removed
//                                        |                ^
//                                        +> failure recorded > on_failed
// A lease of an earlier run of the server is void, since the lock of the data folder makes this the
// only server; so whatever is found at the start is taken up again.
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "jobs/child_process.h"
#include "jobs/job_document.h"
#include "jobs/job_queue.h"

namespace usher::jobs {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kScanPage = 1000;
constexpr int kMaxRetryDoublings = 10;  // of the delay after kThrottled

// One job that this server has taken notice of.
struct Job {
  std::string id;
  std::string type;
  std::string subject;
  SteadyTime not_before{};  // of a job that is tried again later
};

// A job that a thread works on. `stop` and the event are set by others.
struct ActiveJob {
  explicit ActiveJob(Job taken) : job(std::move(taken)), stop_event(eventfd(0, EFD_CLOEXEC)) {
    Check(stop_event >= 0, "an eventfd can be made");
  }
  ~ActiveJob() { close(stop_event); }
  ActiveJob(const ActiveJob&) = delete;
  ActiveJob& operator=(const ActiveJob&) = delete;

  void Interrupt() const { eventfd_write(stop_event, 1); }

  const Job job;
  const int stop_event;  // readable once the job shall end
  std::atomic<bool> stop = false;
  Progress progress;  // guarded by the runner's mutex
};

class Runner;

class Context final : public JobContext {
 public:
  Context(Runner& runner, ActiveJob& active, const JobDocument& document, std::string work_folder)
      : runner_(runner),
        active_(active),
        document_(document),
        work_folder_(std::move(work_folder)) {}

  const std::string& job_id() const override { return active_.job.id; }
  const JobSpec& spec() const override { return document_.spec; }
  int attempt() const override { return document_.attempt; }
  const std::string& work_folder() const override { return work_folder_; }
  bool stop_requested() const override;
  void Report(const Progress& progress) override;
  void Finish(storage::Batch& batch) override {
    batch.Delete(std::string(kJobKind), active_.job.id);
  }
  Result<std::string> RunChild(std::string_view name, std::string_view request) override;

 private:
  Runner& runner_;
  ActiveJob& active_;
  const JobDocument& document_;
  const std::string work_folder_;
};

class Runner final : public JobRunner {
 public:
  Runner(storage::DocumentStore& store, RunnerOptions options)
      : store_(store), options_(std::move(options)), run_(NewUuid()) {}
  ~Runner() override { Stop(); }

  std::string Enqueue(storage::Batch& batch, JobSpec spec) override {
    std::string id = NewUuid();
    batch.Create(std::string(kJobKind), id, spec.subject, EncodeJob({.spec = std::move(spec)}));
    return id;
  }

  void Wake() override {
    {
      const std::lock_guard lock(mutex_);
      unseen_ = true;
    }
    wake_.notify_one();
  }

  void AddType(JobType type) override {
    Check(threads_.empty(), "job types are added before the start");
    std::string name = type.name;
    types_[std::move(name)] = std::move(type);
  }

  Result<void> Start() override {
    Check(threads_.empty(), "a runner starts once");
    if (auto scanned = Scan(); !scanned) return scanned;
    RemoveStrayFolders();
    for (int i = 0; i < options_.concurrency; ++i) threads_.emplace_back([this] { Work(); });
    return {};
  }

  void Stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& active : active_) active->Interrupt();
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  Result<void> RequestStop(std::string_view type, std::string_view subject) override {
    if (auto scanned = Scan(); !scanned) return scanned;
    const auto matches = [&](const Job& job) { return job.type == type && job.subject == subject; };
    std::vector<Job> waiting;
    std::vector<std::string> running;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(waiting_, [&](const Job& job) {
        if (!matches(job)) return false;
        waiting.push_back(job);
        return true;
      });
      for (const auto& active : active_) {
        if (!matches(active->job)) continue;
        active->stop = true;
        active->Interrupt();
        running.push_back(active->job.id);
      }
    }

    for (const Job& job : waiting) Fail(job.id, Cancelled("stopped on request"));
    // Recorded too, so that a crash does not bring the job back.
    for (const std::string& id : running) {
      const auto marked = Modify(id, [](JobDocument& document) { document.stop = true; });
      if (!marked && marked.error().code != ErrorCode::kNotFound) return marked.error();
    }
    return {};
  }

  Progress ProgressOf(std::string_view type, std::string_view subject) const override {
    const std::lock_guard lock(mutex_);
    for (const auto& active : active_) {
      if (active->job.type == type && active->job.subject == subject) return active->progress;
    }
    return {};
  }

  // For Context.
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] const RunnerOptions& options() const { return options_; }
  void SetProgress(ActiveJob& active, const Progress& progress) {
    const std::lock_guard lock(mutex_);
    active.progress = progress;
  }

 private:
  enum class Outcome { kDone, kFailed, kAgain, kInterrupted };

  // Takes notice of the jobs that were committed since the last scan. The store hands out sequences
  // in the order of the commits, so none is passed over.
  Result<void> Scan() {
    const std::lock_guard scanning(scan_mutex_);
    while (true) {
      auto page = store_.List(kJobKind, std::nullopt, seen_, kScanPage);
      if (!page) return page.error();
      const std::lock_guard lock(mutex_);
      for (const storage::Document& document : page->documents) {
        seen_ = document.sequence;
        const auto job = DecodeJob(document.body);
        if (!job) {
          Log(LogLevel::kError, "job not readable",
              {{"job", document.id}, {"reason", job.error().message}});
          continue;
        }
        if (!types_.contains(job->spec.type)) {
          // Perhaps a newer Usher knows what to do with it: kept, not run.
          Log(LogLevel::kWarning, "job of unknown type left alone",
              {{"job", document.id}, {"type", job->spec.type}});
          continue;
        }
        waiting_.push_back({document.id, job->spec.type, job->spec.subject});
        wake_.notify_one();
      }
      if (!page->next_after) return {};
    }
  }

  // Work folders whose job is gone: the crash came between its end and their removal.
  void RemoveStrayFolders() {
    std::error_code ignored;
    for (const auto& entry :
         std::filesystem::directory_iterator(options_.data_folder + "/jobs", ignored)) {
      const auto job = store_.Get(kJobKind, entry.path().filename().string());
      if (job && !*job) std::filesystem::remove_all(entry.path(), ignored);
    }
  }

  void Work() {
    while (const std::shared_ptr<ActiveJob> active = Next()) {
      Run(*active);
      const std::lock_guard lock(mutex_);
      std::erase(active_, active);
      wake_.notify_one();  // there may be room for one more of its type
    }
  }

  // The next job that may run, oldest first; waits for it. nullptr when the runner stops.
  std::shared_ptr<ActiveJob> Next() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (std::exchange(unseen_, false)) {
        lock.unlock();
        if (auto scanned = Scan(); !scanned) {
          Log(LogLevel::kError, "job queue not readable", {{"reason", scanned.error().message}});
        }
        lock.lock();
        continue;
      }
      const SteadyTime now = std::chrono::steady_clock::now();
      const auto ready = std::ranges::find_if(waiting_, [&](const Job& job) {
        return job.not_before <= now && HasRoom(types_.at(job.type));
      });
      if (ready != waiting_.end()) {
        auto active = std::make_shared<ActiveJob>(std::move(*ready));
        waiting_.erase(ready);
        active_.push_back(active);
        return active;
      }
      // A job that waits for others of its type to end needs no time: their end wakes a thread.
      SteadyTime next = SteadyTime::max();
      for (const Job& job : waiting_) {
        if (job.not_before > now) next = std::min(next, job.not_before);
      }
      if (next == SteadyTime::max()) {
        wake_.wait(lock);
      } else {
        wake_.wait_until(lock, next);
      }
    }
    return nullptr;
  }

  // With mutex_ held.
  [[nodiscard]] bool HasRoom(const JobType& type) const {
    if (type.at_once == 0) return true;
    return std::ranges::count_if(active_, [&](const auto& active) {
             return active->job.type == type.name;
           }) < type.at_once;
  }

  void Run(ActiveJob& active) {
    const std::string& id = active.job.id;
    std::optional<Error> refusal;  // why it is not run at all
    const auto leased = Modify(id, [&](JobDocument& document) {
      refusal.reset();
      if (document.failure) {
        refusal = document.failure;
      } else if (document.stop || active.stop) {
        refusal = Cancelled("stopped on request");
      } else if (document.attempt >= document.spec.max_attempts) {
        refusal = Internal("given up after " + std::to_string(document.attempt) +
                           " attempts, each of which was interrupted: the server or the machine "
                           "stopped while it ran");
      } else {
        ++document.attempt;
        document.lease = run_;
      }
    });
    if (!leased) {
      if (leased.error().code == ErrorCode::kNotFound) return;
      // The document stays as it is, so the next start of the server takes it up.
      Log(LogLevel::kError, "job not begun", {{"job", id}, {"reason", leased.error().message}});
      return;
    }
    if (refusal) return Fail(id, *refusal);

    const Result<void> result = Handle(active, *leased);
    switch (Judge(active, *leased, result)) {
      case Outcome::kDone:
        return Remove(id);
      case Outcome::kFailed:
        return Fail(id, result.error());
      case Outcome::kInterrupted:
        // A shutdown is not the job's fault: the attempt does not count.
        return Release(active.job, [](JobDocument& document) { --document.attempt; });
      case Outcome::kAgain: {
        Job later = active.job;
        later.not_before = std::chrono::steady_clock::now() + RetryDelay(leased->attempt);
        Release(later, [](JobDocument& /*document*/) {});
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(later));
        wake_.notify_one();
        return;
      }
    }
  }

  Outcome Judge(const ActiveJob& active, const JobDocument& job, const Result<void>& result) const {
    if (result) return Outcome::kDone;
    const ErrorCode code = result.error().code;
    if (code == ErrorCode::kCancelled && stopping_ && !active.stop) return Outcome::kInterrupted;
    if (code == ErrorCode::kThrottled && !active.stop && job.attempt < job.spec.max_attempts) {
      return Outcome::kAgain;
    }
    return Outcome::kFailed;
  }

  [[nodiscard]] std::chrono::milliseconds RetryDelay(int attempt) const {
    return options_.retry_delay * (1 << std::clamp(attempt - 1, 0, kMaxRetryDoublings));
  }

  Result<void> Handle(ActiveJob& active, const JobDocument& document) {
    const std::string work_folder = WorkFolder(active.job.id);
    if (mkdir(work_folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return SystemError("cannot make the job's work folder", errno);
    }
    Context context(*this, active, document, work_folder);
    try {
      return types_.at(active.job.type).run(context);
    } catch (const std::exception& bug) {
      return Internal(std::string("unexpected: ") + bug.what());
    }
  }

  void Release(const Job& job, const std::function<void(JobDocument&)>& change) {
    const auto released = Modify(job.id, [&](JobDocument& document) {
      document.lease.clear();
      change(document);
    });
    if (!released && released.error().code != ErrorCode::kNotFound) {
      Log(LogLevel::kError, "job not given back",
          {{"job", job.id}, {"reason", released.error().message}});
    }
  }

  // Records the failure, tells the job type, then forgets the job: a crash in between repeats what
  // is left.
  void Fail(const std::string& id, const Error& error) {
    const auto failed = Modify(id, [&](JobDocument& document) { document.failure = error; });
    if (!failed) {
      Log(LogLevel::kError, "job failure not recorded",
          {{"job", id}, {"failure", error.message}, {"reason", failed.error().message}});
      return;
    }
    Log(LogLevel::kWarning, "job failed",
        {{"job", id},
         {"type", failed->spec.type},
         {"subject", failed->spec.subject},
         {"reason", error.message}});
    const JobType& type = types_.at(failed->spec.type);
    try {
      if (type.on_failed) type.on_failed(failed->spec, error);
    } catch (const std::exception& bug) {
      Log(LogLevel::kError, "job failure not told", {{"job", id}, {"reason", bug.what()}});
      return;
    }
    Remove(id);
  }

  // The document first: a folder without a document is removed at the next start.
  void Remove(const std::string& id) {
    const auto found = store_.Get(kJobKind, id);  // usually gone with the handler's last commit
    if (!found || *found) {
      storage::Batch batch;
      batch.Delete(std::string(kJobKind), id);
      if (auto removed = store_.Commit(batch); !removed) {
        Log(LogLevel::kError, "job not removed",
            {{"job", id}, {"reason", removed.error().message}});
        return;
      }
    }
    std::error_code ignored;
    std::filesystem::remove_all(WorkFolder(id), ignored);
  }

  // Reads, changes and writes a job's document, again when another thread wrote between. Gives the
  // document as written; without a write when nothing changed. Errors: not found; internal.
  Result<JobDocument> Modify(const std::string& id,
                             const std::function<void(JobDocument&)>& change) {
    while (true) {
      const auto found = store_.Get(kJobKind, id);
      if (!found) return found.error();
      if (!*found) return NotFound("job " + id);
      auto job = DecodeJob((*found)->body);
      if (!job) return job;
      change(*job);
      std::string body = EncodeJob(*job);
      if (body == (*found)->body) return job;
      storage::Batch batch;
      batch.Update(std::string(kJobKind), id, (*found)->version, std::move(body));
      const auto committed = store_.Commit(batch);
      if (committed) return job;
      if (committed.error().code != ErrorCode::kInUse) return committed.error();
    }
  }

  [[nodiscard]] std::string WorkFolder(const std::string& id) const {
    return options_.data_folder + "/jobs/" + id;
  }

  storage::DocumentStore& store_;
  const RunnerOptions options_;
  const std::string run_;  // names this run of the server in leases
  std::map<std::string, JobType, std::less<>> types_;

  std::mutex scan_mutex_;  // taken before mutex_
  std::int64_t seen_ = 0;  // highest sequence taken notice of; guarded by scan_mutex_

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  std::vector<std::shared_ptr<ActiveJob>> active_;
  bool unseen_ = false;  // a batch with a job may have been committed
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

bool Context::stop_requested() const { return active_.stop || runner_.stopping(); }

void Context::Report(const Progress& progress) { runner_.SetProgress(active_, progress); }

Result<std::string> Context::RunChild(std::string_view name, std::string_view request) {
  const ChildCommand command{.binary = runner_.options().binary,
                             .name = std::string(name),
                             .work_folder = work_folder_,
                             .memory_limit = runner_.options().child_memory_limit};
  return RunChildProcess(command, request, active_.stop_event,
                         [&](const Progress& progress) { Report(progress); });
}

}  // namespace

Result<std::unique_ptr<JobRunner>> JobRunner::Create(storage::DocumentStore& store,
                                                     RunnerOptions options) {
  const std::string folder = options.data_folder + "/jobs";
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make the folder for jobs", errno);
  }
  return std::unique_ptr<JobRunner>(std::make_unique<Runner>(store, std::move(options)));
}

}  // namespace usher::jobs
