// Driver: carries executions out, durably.
//
// Each transition is one commit (driver.cc, Commit): the execution's progress, the events of its
// history, and deliveries (jobs/delivery_queue.h) for all that follows from it:
//
//   "states/run"    go on: after a start, when a timer is due, when a task has ended
//   "states/tasks"  call what a task names, and look after what a ".sync" task has started
//   "states/logs"   put events into the log group of the machine
//   "states/old"    remove an execution that ended kKeptFor ago, with its history
//
// So a server that is killed goes on from the last transition: no transition is recorded twice and
// none is lost. A task that was being called is called again, since nobody knows how far it came.
//
// Threads: safe from any. One thread at a time works on an execution; none holds it while a task is
// called.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "jobs/delivery_queue.h"
#include "services/states/execution.h"
#include "services/states/integrations.h"
#include "services/states/interpreter.h"
#include "services/states/store.h"
#include "wire/dispatcher.h"

namespace usher::states {

inline constexpr std::chrono::days kKeptFor{90};  // an execution, after its end

// A revision of a machine, ready to run.
struct Prepared {
  std::shared_ptr<const Machine> machine;
  std::string log_level = "OFF";  // "ALL", "ERROR", "FATAL", "OFF"
  bool log_data = false;
  std::string log_group;
  bool tracing = false;
};

class Driver {
 public:
  Driver(storage::DocumentStore& documents, jobs::DeliveryQueue& deliveries,
         const wire::Dispatcher& dispatcher, const Clock& clock, double time_scale);

  // Before the queue starts.
  void AddLanes();
  // The server is about to stop: nobody waits any more for an execution or an activity's task, and
  // calls that are cut off from here on are made again after the next start.
  void StopWaiting();

  // Commits the start. `execution` has all that holds from the start. Errors: already exists.
  Result<void> Start(const Execution& execution);
  // The same, and waits for the end. Errors: also cancelled, when the server stops.
  Result<Execution> StartAndWait(const Execution& execution);
  // Errors: execution does not exist. Gives the time of the end, also when it had ended before.
  Result<Time> Stop(std::string_view arn, const Failure& failure);

  // For the operations on task tokens. Errors: invalid token; task timed out, when nobody waits.
  Result<void> SucceedTask(std::string_view token, const Value& output);
  Result<void> FailTask(std::string_view token, const Failure& failure);
  Result<void> Heartbeat(std::string_view token);

  // The next task of an activity, waited for up to kActivityWait; nullopt when there was none.
  Result<std::optional<Store::ActivityTask>> TakeActivityTask(std::string_view activity_arn,
                                                              std::string_view worker);

  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  // What is in memory of an execution while a thread works on it.
  struct Live {
    std::mutex mutex;
    bool loaded = false;
    StoredExecution execution;
    std::optional<StoredProgress> progress;  // nullopt: it has ended
    std::shared_ptr<const Prepared> prepared;
  };
  // Somebody who waits for an end.
  struct Waiter {
    std::optional<Execution> ended;
  };
  using Change = std::function<void(Interpreter&)>;

  std::shared_ptr<Live> Find(const std::string& arn);
  Result<void> Load(const std::string& arn, Live& live);
  Result<std::shared_ptr<const Prepared>> Prepare(const Execution& execution);
  // Changes the execution and commits what follows; `live` is locked and loaded, and runs. `with`
  // is committed together with it.
  Result<void> Commit(Live& live, const Change& change, bool go_on, storage::Batch with = {});
  // Locks, loads, changes. False when the execution does not run (any more), or `change` must not
  // be made.
  Result<bool> ChangeIf(const std::string& arn, const std::function<bool(const Live&)>& may,
                        const Change& change, storage::Batch with = {});
  Result<void> ChangeByToken(std::string_view token, const Change& change, const TokenParts& parts);
  void AddEffects(const Live& live, const Effects& effects, storage::Batch& batch);
  void AddLogs(const Live& live, const Effects& effects, storage::Batch& batch);
  void TellWaiters(const Execution& execution);

  jobs::Outcome Run(const jobs::Delivery& delivery, const jobs::StopToken& stop);
  jobs::Outcome RunTask(const jobs::Delivery& delivery, const jobs::StopToken& stop);
  jobs::Outcome WriteLogs(const jobs::Delivery& delivery);
  jobs::Outcome RemoveOld(const jobs::Delivery& delivery, const jobs::StopToken& stop);
  void TellOfPolling(const std::string& execution_arn, const Value& result);

  Store store_;
  storage::DocumentStore& documents_;
  jobs::DeliveryQueue& deliveries_;
  const wire::Dispatcher& dispatcher_;
  const Clock& clock_;
  std::mutex random_mutex_;
  Random random_;
  Surroundings surroundings_;

  std::mutex live_mutex_;
  std::map<std::string, std::weak_ptr<Live>> live_;
  std::mutex prepared_mutex_;
  std::map<std::string, std::shared_ptr<const Prepared>> prepared_;
  std::mutex waiters_mutex_;
  std::condition_variable waiters_changed_;
  std::map<std::string, std::shared_ptr<Waiter>> waiters_;
  std::atomic<bool> stopping_ = false;
  std::mutex polls_mutex_;
  std::map<std::string, std::int64_t> polls_;  // of what has failed, by execution and its name
};

}  // namespace usher::states
