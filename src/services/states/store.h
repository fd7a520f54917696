// Store: machines, executions and their histories as documents (docs/formats.md).
//
// An execution is three kinds of document: what it was started with and how it ended, where it
// stands (gone once it has ended), and one for each event of its history. All that a transition
// changes is one batch.
//
// Threads: safe from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "services/states/execution.h"
#include "services/states/interpreter.h"
#include "storage/document_store.h"

namespace usher::states {

using Texts = std::map<std::string, std::string>;

// A machine as it is configured at one time; executions keep the one that they were started with.
struct Revision {
  std::string definition;
  std::string role_arn;
  Value logging;  // loggingConfiguration, as given
  bool tracing = false;
  Time made;
};

struct MachineRecord {
  std::string arn;
  std::string name;
  bool express = false;
  std::string revision;  // id of its newest
  Time created;
  Texts tags;
  std::int64_t version = 0;
};

struct Activity {
  std::string arn;
  std::string name;
  Time created;
  Texts tags;
  std::int64_t version = 0;
};

template <typename T>
struct PageOf {
  std::vector<T> items;
  std::optional<std::string> next_token;
};

struct StoredExecution {
  Execution execution;
  std::int64_t version = 0;
};
struct StoredProgress {
  Progress progress;
  std::int64_t version = 0;
};

class Store {
 public:
  explicit Store(storage::DocumentStore& documents) : documents_(documents) {}

  // Errors: already exists.
  Result<void> AddMachine(const MachineRecord& machine, const Revision& revision) const;
  // Errors: state machine does not exist.
  Result<MachineRecord> FindMachine(std::string_view arn) const;
  // Writes the record if it is still the version that was read, with a new revision when given.
  // Errors: conflict when somebody else wrote between.
  Result<void> UpdateMachine(const MachineRecord& machine,
                             const std::optional<Revision>& revision) const;
  Result<void> DeleteMachine(std::string_view arn) const;
  Result<PageOf<MachineRecord>> ListMachines(const std::optional<std::string>& token,
                                             std::size_t limit) const;
  Result<Revision> FindRevision(std::string_view machine_arn, std::string_view id) const;

  Result<void> AddActivity(const Activity& activity) const;
  Result<Activity> FindActivity(std::string_view arn) const;  // errors: activity does not exist
  Result<void> UpdateActivity(const Activity& activity) const;
  Result<void> DeleteActivity(std::string_view arn) const;
  Result<PageOf<Activity>> ListActivities(const std::optional<std::string>& token,
                                          std::size_t limit) const;

  // Errors: execution does not exist.
  Result<StoredExecution> FindExecution(std::string_view arn) const;
  // nullopt when the execution has ended or does not exist.
  Result<std::optional<StoredProgress>> FindProgress(std::string_view arn) const;
  // Newest first; `status` nullopt: all.
  Result<PageOf<Execution>> ListExecutions(std::string_view machine_arn,
                                           std::optional<std::string_view> status,
                                           const std::optional<std::string>& token,
                                           std::size_t limit) const;
  // Takes away a part of an execution that has ended: its history first. False when nothing is
  // left.
  Result<bool> RemoveSome(std::string_view execution_arn) const;
  // One event as GetExecutionHistory gives it; nullopt when there is none of this id.
  Result<std::optional<Value>> FindEvent(std::string_view execution_arn, std::int64_t id) const;
  // As GetExecutionHistory gives them; times are Time. Errors: invalid token.
  Result<PageOf<Value>> ListEvents(std::string_view execution_arn, bool newest_first,
                                   const std::optional<std::string>& token,
                                   std::size_t limit) const;

  // Parts of the batch of a transition.
  static void AddCreate(storage::Batch& batch, const Execution& execution,
                        const Progress& progress);
  // Express executions leave nothing behind.
  static void AddEnd(storage::Batch& batch, const StoredExecution& execution,
                     std::int64_t progress_version);
  static void AddProgress(storage::Batch& batch, std::string_view arn,
                          const StoredProgress& progress);
  static void AddEvents(storage::Batch& batch, std::string_view arn,
                        const std::vector<HistoryEvent>& events);

  // Tasks of activities that wait for a worker.
  static void AddActivityTask(storage::Batch& batch, std::string_view activity_arn,
                              std::string_view token, std::string_view input);
  struct ActivityTask {
    std::string id;
    std::string token;
    std::string input;
  };
  // The oldest; nullopt when there is none.
  Result<std::optional<ActivityTask>> NextActivityTask(std::string_view activity_arn) const;
  static void AddTakeActivityTask(storage::Batch& batch, const ActivityTask& task);

 private:
  storage::DocumentStore& documents_;
};

}  // namespace usher::states
