// StackRun: carries out the operation that is under way on a stack, from wherever it stands.
//
//   CREATE_IN_PROGRESS ─ forward ─→ CREATE_COMPLETE
//        └─ a failure ─→ ROLLBACK_IN_PROGRESS ─ take down ─→ ROLLBACK_COMPLETE
//   UPDATE_IN_PROGRESS ─ forward ─→ UPDATE_COMPLETE_CLEANUP_IN_PROGRESS ─ clean up ─→
//   UPDATE_COMPLETE
//        └─ a failure ─→ UPDATE_ROLLBACK_IN_PROGRESS ─ restore ─→
//              UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS ─ clean up ─→ UPDATE_ROLLBACK_COMPLETE
//   DELETE_IN_PROGRESS ─ take down ─→ DELETE_COMPLETE
//
// Of each resource it is committed first that it is about to be made, then that it is made. One
// whose outcome is unknown, since the server was killed in between, is looked for by its name: that
// it was not there before was made sure of, so it is ours.
//
// Threads: one run for a stack at a time; within it, up to kPiecesAtOnce resources side by side.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/delivery_queue.h"
#include "services/cloudformation/plan.h"
#include "services/cloudformation/records.h"
#include "services/cloudformation/service.h"
#include "services/cloudformation/stack_store.h"

namespace usher::cloudformation {

inline constexpr std::chrono::milliseconds kAskAgain{100};  // what a service is still making

class StackRun {
 public:
  StackRun(Service& service, StackRecord stack, const jobs::StopToken& stop);

  // Until the operation is over, or has to wait for a service.
  jobs::Outcome Go();

 private:
  enum class Phase { kNext, kWait, kEnd };
  using Change = std::function<void(StackRecord&, storage::Batch&)>;

  // ---- stack_run.cc: the loop, the stack's own state ----
  Phase Step();
  Result<void> Load();
  [[nodiscard]] bool ShouldStop() const;
  // Commits status, reason and event, and what `change` adds; kEnd when another operation has taken
  // over.
  Phase SetStatus(const std::string& status, const std::string& reason, const Change& change = {});
  EventRecord StackEvent() const;
  EventRecord EventOf(const ResourceRecord& record, const Incarnation& incarnation) const;
  Result<void> Keep(const ResourceRecord& record, const std::vector<EventRecord>& events = {});
  ResourceRecord Get(const std::string& logical_id);
  [[nodiscard]] StackFacts Facts() const;
  // What acts upon an incarnation. Errors: as ConvertProperties.
  Result<Action> ActionOn(const std::string& logical_id, const Incarnation& now,
                          const Incarnation* before = nullptr) const;
  static void TakeOver(const Action& action, Incarnation& incarnation);
  Order DependsOrder(const std::vector<std::string>& ids, bool old_ones);

  // ---- stack_forward.cc: CREATE_IN_PROGRESS, UPDATE_IN_PROGRESS ----
  Phase Forward();
  Progress Advance(const std::string& id);
  Result<Node> EvaluateProperties(const std::string& id, const ResourceType& type);
  Progress Begin(ResourceRecord& record, const ResourceType& type);
  Progress BeginNew(ResourceRecord& record, const ResourceType& type, Incarnation made);
  Progress Make(ResourceRecord& record, const ResourceType& type, bool is_resumed);
  Progress Alter(ResourceRecord& record, const ResourceType& type);
  Progress Settle(ResourceRecord& record, const ResourceType& type, const Action& action,
                  const std::vector<EventRecord>& events);
  Progress Fail(ResourceRecord& record, const std::string& reason);
  Phase FailForward(const std::vector<std::string>& failed);
  Phase FinishForward();
  Result<std::vector<Output>> EvaluateOutputs();
  Result<void> ChangeExports(const std::vector<Output>& outputs, storage::Batch& batch);
  Result<Node> RefOf(const std::string& id);
  Result<Node> AttributeOf(const std::string& id, const std::string& attribute);

  // ---- stack_removal.cc: DELETE_IN_PROGRESS, ROLLBACK_IN_PROGRESS, …CLEANUP_IN_PROGRESS ----
  Phase TakeDown();
  Progress TakeDownOne(const std::string& id);
  Phase FinishTakeDown(const Outcomes& outcomes);
  Phase CleanUp();
  Progress CleanUpOne(const std::string& id);
  enum class Removal { kGone, kWaiting, kFailed };
  Removal Remove(const ResourceRecord& record, Incarnation& incarnation, std::string& reason);

  // ---- stack_rollback.cc: UPDATE_ROLLBACK_IN_PROGRESS ----
  Phase RollBack();
  Progress Restore(const std::string& id);

  Service& service_;
  StackStore store_;
  StackRecord stack_;
  const jobs::StopToken& stop_;
  std::optional<Plan> plan_;
  std::map<std::string, ResourceRecord> resources_;
  std::mutex mutex_;  // of resources_
};

}  // namespace usher::cloudformation
