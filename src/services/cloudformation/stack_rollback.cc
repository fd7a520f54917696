// UPDATE_ROLLBACK_IN_PROGRESS: what the update has changed is changed back; what it has made is
// left to the clean-up.
#include "services/cloudformation/stack_run.h"

namespace usher::cloudformation {
namespace {

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

StackRun::Phase StackRun::RollBack() {
  std::vector<std::string> ids;
  for (const auto& [id, record] : resources_) {
    if (record.before || record.status == "UPDATE_FAILED") ids.push_back(id);
  }
  const Outcomes outcomes = RunInOrder(
      DependsOrder(ids, /*old_ones=*/true), [this](const std::string& id) { return Restore(id); },
      [this] { return ShouldStop(); }, OnFailure::kGoOn);
  if (ShouldStop()) return stop_ ? Phase::kWait : Phase::kEnd;
  if (!outcomes.waiting.empty()) return Phase::kWait;
  if (!outcomes.all_done) {
    return SetStatus("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [" +
                                                   Joined(outcomes.failed) + "]. ");
  }
  // What the old template imports stays, what only the new one does is given up.
  const auto imports = store_.ImportsOf(stack_.id);
  if (!imports || !stack_.before) return Phase::kWait;
  const auto text = store_.Template(stack_.id, stack_.before->template_number);
  auto read = text ? ReadAndCheck(*text) : Result<Template>(text.error());
  auto plan =
      read ? MakePlan(*std::move(read), stack_.before->parameters, PseudoOf(stack_, *stack_.before))
           : Result<Plan>(read.error());
  const auto restore = [&](StackRecord& stack, storage::Batch& batch) {
    if (stack.before) stack.now = *stack.before;
    if (!plan) return;
    for (const ImportRecord& import : *imports) {
      if (plan->imports.contains(import.name)) continue;
      StackStore::DeleteImport(batch, stack.region, import);
    }
  };
  return SetStatus("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "", restore);
}

Progress StackRun::Restore(const std::string& id) {
  ResourceRecord record = Get(id);
  record.changed = service_.clock.Now();
  record.reason.clear();
  if (!record.before) {  // it failed before anything was done to it
    record.status = "UPDATE_COMPLETE";
    return Keep(record, {EventOf(record, record.now)}) ? Progress::kDone : Progress::kWaiting;
  }
  const ResourceType* type = FindResourceType(record.before->type);
  if (record.now.token == record.before->token) {
    // Changed as it stood: it is changed back, whether or not the change had come about.
    if (record.status != "UPDATE_IN_PROGRESS") {
      record.status = "UPDATE_IN_PROGRESS";
      if (!Keep(record, {EventOf(record, record.now)})) return Progress::kWaiting;
    }
    auto action = ActionOn(id, *record.before, &record.now);
    Result<void> done = action ? type->update(*action) : Result<void>(action.error());
    const auto ready = done && type->is_ready ? type->is_ready(*action) : Result<bool>(true);
    if (done && !ready) done = ready.error();
    if (!done) {
      record.status = "UPDATE_FAILED";
      record.reason = done.error().message;
      if (!Keep(record, {EventOf(record, record.now)})) return Progress::kWaiting;
      return Progress::kFailed;
    }
    if (!*ready) return Progress::kWaiting;
    record.now = *record.before;
  } else {
    if (record.now.is_begun) record.obsolete = record.now;
    record.now = *record.before;
  }
  record.before.reset();
  record.status = "UPDATE_COMPLETE";
  return Keep(record, {EventOf(record, record.now)}) ? Progress::kDone : Progress::kWaiting;
}

}  // namespace usher::cloudformation
