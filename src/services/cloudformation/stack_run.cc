#include "services/cloudformation/stack_run.h"

#include <algorithm>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

constexpr char kStackType[] = "AWS::CloudFormation::Stack";
constexpr int kAttempts = 5;  // to change a document that others change too

// "<stack>-<logical id>-<token>", cut before the token when it would be too long.
std::string MadeName(const ResourceType& type, const StackFacts& stack, const std::string& id,
                     const std::string& token) {
  std::string stem = stack.name + "-" + id;
  stem.resize(std::min(stem.size(), type.max_name - token.size() - 1));
  std::string name = stem + "-" + token;
  if (type.name_style == NameStyle::kLower) return AsciiLower(name);
  if (type.name_style == NameStyle::kAlphanumeric) std::erase(name, '-');
  return name;
}

}  // namespace

StackRun::StackRun(Service& service, StackRecord stack, const jobs::StopToken& stop)
    : service_(service), store_(service.documents), stack_(std::move(stack)), stop_(stop) {}

jobs::Outcome StackRun::Go() {
  if (const auto loaded = Load(); !loaded) {
    Log(LogLevel::kError, "stack cannot be read",
        {{"stack", stack_.id}, {"error", loaded.error().message}});
    return jobs::Outcome::Later(service_.clock.Now() + std::chrono::seconds(10));
  }
  while (stack_.is_busy()) {
    if (stop_) return jobs::Outcome::Interrupted();
    const Phase phase = Step();
    if (phase == Phase::kEnd) break;
    if (phase == Phase::kWait) {
      if (stop_) return jobs::Outcome::Interrupted();
      return jobs::Outcome::Later(service_.clock.Now() + kAskAgain);
    }
  }
  return jobs::Outcome::Done();
}

StackRun::Phase StackRun::Step() {
  const std::string& status = stack_.status;
  if (status == "CREATE_IN_PROGRESS" || status == "UPDATE_IN_PROGRESS") return Forward();
  if (status == "ROLLBACK_IN_PROGRESS" || status == "DELETE_IN_PROGRESS") return TakeDown();
  if (status == "UPDATE_ROLLBACK_IN_PROGRESS") return RollBack();
  return CleanUp();
}

Result<void> StackRun::Load() {
  auto resources = store_.Resources(stack_.id);
  if (!resources) return resources.error();
  resources_ = *std::move(resources);
  return {};
}

bool StackRun::ShouldStop() const {
  if (stop_) return true;
  const auto now = store_.Find(stack_.region, stack_.id);
  return !now || now->operation_id != stack_.operation_id || now->status != stack_.status;
}

StackRun::Phase StackRun::SetStatus(const std::string& status, const std::string& reason,
                                    const Change& change) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto fresh = store_.Find(stack_.region, stack_.id);
    if (!fresh || fresh->operation_id != stack_.operation_id) return Phase::kEnd;
    stack_ = *std::move(fresh);
    stack_.status = status;
    stack_.reason = reason;
    storage::Batch batch;
    if (change) change(stack_, batch);
    StackStore::AddEvent(batch, StackEvent());
    StackStore::Update(batch, stack_);
    const auto committed = store_.Commit(batch);
    if (committed) return Phase::kNext;
    if (committed.error().code == ErrorCode::kInUse) continue;  // it has changed in between
    Log(LogLevel::kError, "stack cannot change its status",
        {{"stack", stack_.id}, {"status", status}, {"error", committed.error().message}});
    break;
  }
  // The document as it is, so that the next step looks at everything again.
  if (auto kept = store_.Find(stack_.region, stack_.id)) stack_ = *std::move(kept);
  return Phase::kWait;
}

EventRecord StackRun::StackEvent() const {
  return {.stack_id = stack_.id,
          .stack_name = stack_.name,
          .event_id = NewUuid(),
          .logical_id = stack_.name,
          .physical_id = stack_.id,
          .type = kStackType,
          .status = stack_.status,
          .reason = stack_.reason,
          .properties = {},
          .client_token = stack_.client_token,
          .time = service_.clock.Now()};
}

EventRecord StackRun::EventOf(const ResourceRecord& record, const Incarnation& incarnation) const {
  return {.stack_id = stack_.id,
          .stack_name = stack_.name,
          .event_id = record.logical_id + "-" + record.status + "-" + NewUuid(),
          .logical_id = record.logical_id,
          .physical_id = incarnation.physical_id,
          .type = incarnation.type,
          .status = record.status,
          .reason = record.reason,
          .properties = incarnation.properties,
          .client_token = stack_.client_token,
          .time = service_.clock.Now()};
}

Result<void> StackRun::Keep(const ResourceRecord& record, const std::vector<EventRecord>& events) {
  storage::Batch batch;
  StackStore::Put(batch, stack_.id, record);
  for (const EventRecord& event : events) StackStore::AddEvent(batch, event);
  if (const auto committed = store_.Commit(batch); !committed) return committed;
  const std::lock_guard lock(mutex_);
  resources_[record.logical_id] = record;
  return {};
}

ResourceRecord StackRun::Get(const std::string& logical_id) {
  const std::lock_guard lock(mutex_);
  const auto found = resources_.find(logical_id);
  if (found != resources_.end()) return found->second;
  ResourceRecord made;
  made.logical_id = logical_id;
  return made;
}

StackFacts StackRun::Facts() const {
  return {.id = stack_.id,
          .name = stack_.name,
          .region = stack_.region,
          .capabilities = stack_.now.capabilities,
          .root_id = stack_.root_id.empty() ? stack_.id : stack_.root_id};
}

Result<Action> StackRun::ActionOn(const std::string& logical_id, const Incarnation& now,
                                  const Incarnation* before) const {
  const ResourceType* type = FindResourceType(now.type);
  if (type == nullptr) return Internal("no resource type " + now.type);
  const auto convert = [&](const std::string& properties) -> Result<ValueMap> {
    const auto node = ReadJson(properties);
    if (!node) return node.error();
    auto value =
        ConvertProperties(type->properties, *node, "/Resources/" + logical_id + "/Properties");
    if (!value) return value.error();
    return *value->as_map();
  };
  auto properties = convert(now.properties);
  if (!properties) return properties.error();
  Action action{.dispatcher = service_.dispatcher,
                .stack = Facts(),
                .logical_id = logical_id,
                .token = now.token,
                .now = service_.clock.Now(),
                .properties = *std::move(properties),
                .physical_id = now.physical_id,
                .attributes = now.attributes};
  if (before != nullptr) {
    auto old = convert(before->properties);
    if (!old) return old.error();
    action.before = *std::move(old);
  }
  for (const Property& property : type->properties) {
    const Value* value = action.properties.Find(property.name);
    if (value != nullptr && !property.member.empty()) {
      action.inputs.Append(property.member, *value);
    }
  }
  action.name = type->name_property.empty() ? "" : action.Text(type->name_property);
  if (action.name.empty() && type->name_style != NameStyle::kNone) {
    action.name = MadeName(*type, action.stack, logical_id, now.token);
  }
  return action;
}

void StackRun::TakeOver(const Action& action, Incarnation& incarnation) {
  incarnation.physical_id = action.physical_id;
  incarnation.attributes = action.attributes;
}

Order StackRun::DependsOrder(const std::vector<std::string>& ids, bool old_ones) {
  Order order;
  for (const std::string& id : ids) {
    const ResourceRecord record = Get(id);
    const Incarnation& one = old_ones && record.before ? *record.before : record.now;
    order[id] = {one.depends_on.begin(), one.depends_on.end()};
    if (record.obsolete) {
      order[id].insert(record.obsolete->depends_on.begin(), record.obsolete->depends_on.end());
    }
  }
  // Old and new arrows together may form a circle; then the new ones alone decide.
  if (FindCircle(order).empty()) return order;
  for (const std::string& id : ids) {
    const ResourceRecord record = Get(id);
    order[id] = {record.now.depends_on.begin(), record.now.depends_on.end()};
  }
  return order;
}

}  // namespace usher::cloudformation
