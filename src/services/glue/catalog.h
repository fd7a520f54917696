// Jobs and their runs as documents (docs/formats.md). A run that has not ended has a second
// document, which holds its command's name alone, so that those of a job are found at once; both
// change in one commit.
//
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"
#include "wire/glue.h"

namespace usher::glue {

namespace api = usher::api::glue;

using Texts = std::map<std::string, std::string>;

// Of one region's names.
struct JobRecord {
  std::string region;
  api::Job job;
  Texts tags;
  std::string id;         // "j_" and 64 hex digits: --JOB_ID
  std::int64_t runs = 0;  // that are kept
  std::int64_t version = 0;
};

// A run, with what it was started with: a job that changes later does not change it.
struct RunRecord {
  std::string region;
  api::JobRun run;
  api::JobCommand command;
  Texts arguments;  // the run's over the job's defaults
  std::string role;
  std::string job_id;
  std::int64_t max_retries = 0;
  std::int64_t max_at_once = 1;  // of its job
  int begun = 0;                 // times: more than one after the end of a server
  std::int64_t version = 0;

  [[nodiscard]] std::string state() const { return run.job_run_state.value_or(""); }
  // Of its document.
  [[nodiscard]] std::string key() const;
};

template <typename T>
struct PageOf {
  std::vector<T> items;
  std::optional<std::string> next_token;
};

class Catalog {
 public:
  explicit Catalog(storage::DocumentStore& store) : store_(store) {}

  // Errors: already exists.
  Result<void> AddJob(const JobRecord& job) const;
  // Errors: not found.
  Result<JobRecord> FindJob(std::string_view region, std::string_view name) const;
  // By name. Errors: invalid token.
  Result<PageOf<JobRecord>> ListJobs(std::string_view region,
                                     const std::optional<std::string>& token,
                                     std::size_t limit) const;
  [[nodiscard]] Result<std::size_t> CountJobs(std::string_view region, std::size_t limit) const;
  // If it is still the version that was read. Errors: in use.
  static void AddUpdate(storage::Batch& batch, const JobRecord& job);
  // The job with all of its runs.
  Result<void> DeleteJob(const JobRecord& job) const;

  static void AddRun(storage::Batch& batch, const RunRecord& run);
  // If it is still the version that was read; a run that has ended is active no more.
  static void AddUpdate(storage::Batch& batch, const RunRecord& run);
  static void AddRemove(storage::Batch& batch, const std::string& run_key);
  Result<RunRecord> FindRun(std::string_view region, std::string_view job,
                            std::string_view run_id) const;
  // By the key of its document.
  Result<RunRecord> FindRunByKey(std::string_view key) const;
  // Newest first. Errors: invalid token. Cost: reads the documents of the job's runs that are older
  // than the page's, and decodes the page's.
  Result<PageOf<RunRecord>> ListRuns(const JobRecord& job, const std::optional<std::string>& token,
                                     std::size_t limit) const;
  // Keys of the oldest runs that have ended, at most so many.
  Result<std::vector<std::string>> OldestEndedRuns(const JobRecord& job, std::size_t count) const;
  // Keys of the runs that have not ended, oldest first: of a job, of all, and of all that have a
  // command of this name.
  Result<std::vector<std::string>> ActiveRuns(std::string_view region, std::string_view job,
                                              std::size_t limit) const;
  Result<std::vector<std::string>> AllActiveRuns(std::size_t limit) const;
  Result<std::vector<std::string>> ActiveRunsOfCommand(std::string_view command) const;

  Result<void> Commit(const storage::Batch& batch) const { return store_.Commit(batch); }

 private:
  Result<std::vector<std::string>> ListActive(std::optional<std::string_view> group,
                                              std::size_t limit) const;
  storage::DocumentStore& store_;
};

[[nodiscard]] Error NoSuchJob(std::string_view name);
[[nodiscard]] Error NoSuchRun(std::string_view job, std::string_view run_id);

}  // namespace usher::glue
