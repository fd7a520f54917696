// DELETE_IN_PROGRESS, ROLLBACK_IN_PROGRESS: everything goes, what depends on it first.
// …CLEANUP_IN_PROGRESS: what an update has left over goes.
#include <algorithm>

#include "services/cloudformation/stack_run.h"

namespace usher::cloudformation {
namespace {

bool IsGone(const ResourceRecord& record) {
  return record.status == "DELETE_COMPLETE" || record.status == "DELETE_SKIPPED";
}

bool IsDelete(const StackRecord& stack) { return stack.status == "DELETE_IN_PROGRESS"; }

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

StackRun::Removal StackRun::Remove(const ResourceRecord& record, Incarnation& incarnation,
                                   std::string& reason) {
  const ResourceType* type = FindResourceType(incarnation.type);
  auto action = ActionOn(record.logical_id, incarnation);
  if (type == nullptr || !action) {
    reason = action ? "no resource type " + incarnation.type : action.error().message;
    return Removal::kFailed;
  }
  if (action->physical_id.empty() && type->find) {
    // The server was killed while it was made: whatever bears its name is ours.
    const auto found = type->find(*action);
    if (!found) {
      reason = found.error().message;
      return Removal::kFailed;
    }
    TakeOver(*action, incarnation);
  }
  if (action->physical_id.empty()) return Removal::kGone;
  const auto removed = type->remove(*action);
  if (!removed) {
    reason = removed.error().message;
    return Removal::kFailed;
  }
  const auto gone = type->is_gone ? type->is_gone(*action) : Result<bool>(true);
  if (!gone) {
    reason = gone.error().message;
    return Removal::kFailed;
  }
  return *gone ? Removal::kGone : Removal::kWaiting;
}

StackRun::Phase StackRun::TakeDown() {
  std::vector<std::string> ids;
  for (const auto& [id, record] : resources_) {
    if (!IsGone(record)) ids.push_back(id);
  }
  const Outcomes outcomes = RunInOrder(
      Reversed(DependsOrder(ids, /*old_ones=*/false)),
      [this](const std::string& id) { return TakeDownOne(id); }, [this] { return ShouldStop(); },
      OnFailure::kGoOn);
  if (ShouldStop()) return stop_ ? Phase::kWait : Phase::kEnd;
  if (!outcomes.waiting.empty()) return Phase::kWait;
  return FinishTakeDown(outcomes);
}

Progress StackRun::TakeDownOne(const std::string& id) {
  ResourceRecord record = Get(id);
  if (IsGone(record)) return Progress::kDone;
  const bool is_resumed =
      record.status == "DELETE_IN_PROGRESS" && record.operation_id == stack_.operation_id;
  record.operation_id = stack_.operation_id;
  record.changed = service_.clock.Now();
  record.reason.clear();
  const bool has_nothing = !record.now.is_begun && !record.obsolete && !record.before;
  if (has_nothing) {
    record.status = "DELETE_COMPLETE";
    return Keep(record) ? Progress::kDone : Progress::kWaiting;
  }
  const std::string& policy = record.now.deletion_policy;
  const bool is_kept = policy == "Retain" || (policy == "RetainExceptOnCreate" && IsDelete(stack_));
  if (is_kept || std::ranges::find(stack_.retained, id) != stack_.retained.end()) {
    record.status = "DELETE_SKIPPED";
    return Keep(record, {EventOf(record, record.now)}) ? Progress::kDone : Progress::kWaiting;
  }
  if (!is_resumed) {
    record.status = "DELETE_IN_PROGRESS";
    if (!Keep(record, {EventOf(record, record.now)})) return Progress::kWaiting;
  }
  // What an update that did not end has left of it goes as well.
  for (std::optional<Incarnation>* extra : {&record.obsolete, &record.before}) {
    if (!*extra) continue;
    std::string ignored;  // what remains makes the removal below fail or is told by its service
    if ((*extra)->token != record.now.token) Remove(record, **extra, ignored);
    extra->reset();
  }
  switch (Remove(record, record.now, record.reason)) {
    case Removal::kWaiting:
      return Progress::kWaiting;
    case Removal::kFailed:
      record.status = "DELETE_FAILED";
      if (!Keep(record, {EventOf(record, record.now)})) return Progress::kWaiting;
      return Progress::kFailed;
    case Removal::kGone:
      break;
  }
  record.status = "DELETE_COMPLETE";
  record.changed = service_.clock.Now();
  return Keep(record, {EventOf(record, record.now)}) ? Progress::kDone : Progress::kWaiting;
}

StackRun::Phase StackRun::FinishTakeDown(const Outcomes& outcomes) {
  const bool is_delete = IsDelete(stack_);
  if (!outcomes.all_done) {
    return SetStatus(
        is_delete ? "DELETE_FAILED" : "ROLLBACK_FAILED",
        "The following resource(s) failed to delete: [" + Joined(outcomes.failed) + "]. ");
  }
  const auto imports = store_.ImportsOf(stack_.id);
  const auto sets = store_.ChangeSets(stack_.id);
  if (!imports || !sets) return Phase::kWait;
  const auto forget = [&](StackRecord& stack, storage::Batch& batch) {
    for (const ImportRecord& import : *imports) {
      StackStore::DeleteImport(batch, stack.region, import);
    }
    if (!is_delete) return;
    for (const ChangeSetRecord& set : *sets) StackStore::Delete(batch, set);
    stack.deleted = service_.clock.Now();
    StackStore::FreeName(batch, stack);
  };
  return SetStatus(is_delete ? "DELETE_COMPLETE" : "ROLLBACK_COMPLETE", "", forget);
}

StackRun::Phase StackRun::CleanUp() {
  const bool is_rollback = stack_.status.starts_with("UPDATE_ROLLBACK");
  // First it is committed what is left over: the plan is not needed again after a crash.
  std::vector<std::string> ids;
  for (const auto& [id, kept] : std::map(resources_)) {
    ResourceRecord record = kept;
    if (record.before && !is_rollback) {
      if (record.before->token != record.now.token) record.obsolete = record.before;
      record.before.reset();
      if (!Keep(record)) return Phase::kWait;
    }
    const bool ours = record.operation_id == stack_.operation_id;
    const bool is_unwanted = is_rollback ? ours && record.is_new : !ours;
    if (record.obsolete || is_unwanted) ids.push_back(id);
  }
  const Outcomes outcomes = RunInOrder(
      Reversed(DependsOrder(ids, /*old_ones=*/false)),
      [this](const std::string& id) { return CleanUpOne(id); }, [this] { return ShouldStop(); },
      OnFailure::kGoOn);
  if (ShouldStop()) return stop_ ? Phase::kWait : Phase::kEnd;
  if (!outcomes.waiting.empty()) return Phase::kWait;
  return SetStatus(is_rollback ? "UPDATE_ROLLBACK_COMPLETE" : "UPDATE_COMPLETE", "",
                   [](StackRecord& stack, storage::Batch&) { stack.before.reset(); });
}

// A failure leaves the resource behind, told by its event; the update is done all the same.
Progress StackRun::CleanUpOne(const std::string& id) {
  ResourceRecord record = Get(id);
  const bool is_rollback = stack_.status.starts_with("UPDATE_ROLLBACK");
  const bool whole = !record.obsolete;
  Incarnation& left = whole ? record.now : *record.obsolete;
  ResourceRecord told = record;  // as its events tell it
  told.reason.clear();
  const auto tell = [&](const std::string& status) {
    told.status = status;
    return EventOf(told, left);
  };
  const std::string& policy = whole ? left.deletion_policy : left.update_replace_policy;
  std::vector<EventRecord> events;
  if (left.is_begun && !is_rollback && policy != "Delete") {
    events.push_back(tell("DELETE_SKIPPED"));
  } else if (left.is_begun) {
    events.push_back(tell("DELETE_IN_PROGRESS"));
    const Removal removal = Remove(record, left, told.reason);
    if (removal == Removal::kWaiting) return Progress::kWaiting;
    events.push_back(tell(removal == Removal::kGone ? "DELETE_COMPLETE" : "DELETE_FAILED"));
  }
  record.obsolete.reset();
  storage::Batch batch;
  for (const EventRecord& event : events) StackStore::AddEvent(batch, event);
  if (whole) {
    StackStore::Delete(batch, stack_.id, record);
  } else {
    StackStore::Put(batch, stack_.id, record);
  }
  if (!store_.Commit(batch)) return Progress::kWaiting;
  const std::lock_guard lock(mutex_);
  if (whole) {
    resources_.erase(id);
  } else {
    resources_[id] = record;
  }
  return Progress::kDone;
}

}  // namespace usher::cloudformation
