// CREATE_IN_PROGRESS, UPDATE_IN_PROGRESS: what the template wants is made, in its order.
#include <algorithm>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "services/cloudformation/stack_run.h"
#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

constexpr char kInitiated[] = "Resource creation Initiated";
constexpr char kCancelled[] = "Resource creation cancelled";
constexpr std::size_t kTokenBytes = 6;  // 12 characters

bool IsUpdate(const StackRecord& stack) { return stack.status.starts_with("UPDATE"); }

// The properties that differ between two evaluated sets.
std::vector<std::string> Differences(const ResourceType& type, const Node& a, const Node& b) {
  std::vector<std::string> names;
  for (const Property& property : type.properties) {
    const Node* one = a.Find(property.name);
    const Node* other = b.Find(property.name);
    if (one == nullptr && other == nullptr) continue;
    if (one != nullptr && other != nullptr && IsSame(*one, *other)) continue;
    names.push_back(property.name);
  }
  return names;
}

bool MustReplace(const ResourceType& type, const std::vector<std::string>& changed) {
  return !type.update || std::ranges::any_of(changed, [&](const std::string& name) {
    return type.FindProperty(name)->on_change == OnChange::kReplaces;
  });
}

std::string ReasonOf(const Error& error) {
  if (error.code == ErrorCode::kInternal || error.code == ErrorCode::kCorrupt) {
    return "Internal failure: " + error.message;
  }
  return error.message;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

StackRun::Phase StackRun::Forward() {
  if (!plan_) {
    const auto text = store_.Template(stack_.id, stack_.now.template_number);
    auto read = text ? ReadAndCheck(*text) : Result<Template>(text.error());
    auto plan =
        read ? MakePlan(*std::move(read), stack_.now.parameters, PseudoOf(stack_, stack_.now))
             : Result<Plan>(read.error());
    if (!plan) {
      Log(LogLevel::kError, "stack cannot be planned again",
          {{"stack", stack_.id}, {"error", plan.error().message}});
      return FailForward({});
    }
    plan_ = *std::move(plan);
    plan_->scope.ref = [this](const std::string& id) { return RefOf(id); };
    plan_->scope.get_att = [this](const std::string& id, const std::string& attribute) {
      return AttributeOf(id, attribute);
    };
    plan_->scope.import_value = [this](const std::string& name) -> Result<Node> {
      const auto found = store_.FindExport(stack_.region, name);
      if (!found) return found.error();
      if (!*found) return InvalidInput("No export named " + name + " found");
      return Node::Text((*found)->value);
    };
  }
  const bool is_late =
      stack_.timeout_minutes > 0 && !IsUpdate(stack_) &&
      service_.clock.Now() - stack_.operation_began > std::chrono::minutes(stack_.timeout_minutes);
  if (is_late) return FailForward({});
  const Outcomes outcomes = RunInOrder(
      plan_->order, [this](const std::string& id) { return Advance(id); },
      [this] { return ShouldStop(); }, OnFailure::kBeginNoMore);
  if (ShouldStop()) return stop_ ? Phase::kWait : Phase::kEnd;
  if (!outcomes.failed.empty()) return FailForward(outcomes.failed);
  if (!outcomes.all_done) return Phase::kWait;
  return FinishForward();
}

Progress StackRun::Advance(const std::string& id) {
  ResourceRecord record = Get(id);
  const ResourceType* type = FindResourceType(plan_->read.FindResource(id)->type);
  const bool is_ours = record.operation_id == stack_.operation_id;
  const bool is_over = record.status == "CREATE_COMPLETE" || record.status == "UPDATE_COMPLETE";
  if (is_ours && is_over) return Progress::kDone;
  // The server was killed before the stack could be told.
  if (is_ours && record.status.ends_with("_FAILED")) return Progress::kFailed;
  if (!is_ours || !record.status.ends_with("_IN_PROGRESS")) return Begin(record, *type);
  if (record.has_acted) {
    auto action = ActionOn(id, record.now);
    if (!action) return Fail(record, ReasonOf(action.error()));
    return Settle(record, *type, *action, {});
  }
  const bool is_made_anew = !record.before || record.before->token != record.now.token;
  return is_made_anew ? Make(record, *type, /*is_resumed=*/true) : Alter(record, *type);
}

Result<Node> StackRun::RefOf(const std::string& id) {
  const ResourceRecord record = Get(id);
  const auto action = ActionOn(id, record.now);
  if (!action) return action.error();
  const ResourceType* type = FindResourceType(record.now.type);
  return Node::Text(action->Expand(type->ref));
}

Result<Node> StackRun::AttributeOf(const std::string& id, const std::string& attribute) {
  const ResourceRecord record = Get(id);
  const auto action = ActionOn(id, record.now);
  if (!action) return action.error();
  const ResourceType* type = FindResourceType(record.now.type);
  for (const auto& [name, pattern] : type->attributes) {
    if (name == attribute) return Node::Text(action->Expand(pattern));
  }
  const auto found = record.now.attributes.find(attribute);
  if (found != record.now.attributes.end()) return Node::Text(found->second);
  return InvalidInput("Fn::GetAtt: " + id + " has no attribute " + attribute);
}

// Evaluated and checked. The stack's tags are added to those of types whose tags can be changed.
Result<Node> StackRun::EvaluateProperties(const std::string& id, const ResourceType& type) {
  const std::string path = "/Resources/" + id + "/Properties";
  auto node = Evaluate(plan_->properties.at(id), plan_->scope, path);
  if (!node) return node;
  const Property* tags = type.FindProperty("Tags");
  const bool takes_tags = tags != nullptr && tags->on_change == OnChange::kUpdates &&
                          tags->form.kind() == Form::Kind::kTags && !stack_.now.tags.empty();
  if (takes_tags) {
    const Node* given = node->Find("Tags");
    const auto own =
        given == nullptr ? Result<Value>(ValueMap()) : Form::Tags().Convert(*given, path + "/Tags");
    if (!own) return own.error();
    Node all = Node::Map();
    for (const auto& [key, value] : *own->as_map()) all.Add(key, Node::Text(*value.as_string()));
    for (const auto& [key, value] : stack_.now.tags) {
      if (all.Find(key) == nullptr) all.Add(key, Node::Text(value));
    }
    std::erase_if(node->members, [](const Member& member) { return member.name == "Tags"; });
    node->Add("Tags", std::move(all));
  }
  const auto checked = ConvertProperties(type.properties, *node, path);
  if (!checked) return checked.error();
  return node;
}

// Nothing to do, or what is to be done is committed and done.
Progress StackRun::Begin(ResourceRecord& record, const ResourceType& type) {
  const std::string& id = record.logical_id;
  const ResourceRule& rule = *plan_->read.FindResource(id);
  if (record.before) {  // an update that failed and was not rolled back has left it
    if (!record.now.is_begun) {
      record.now = *record.before;
    } else if (record.before->token != record.now.token) {
      record.obsolete = record.before;
    }
    record.before.reset();
  }
  const bool exists = record.now.is_begun && !record.status.starts_with("DELETE");
  record.has_acted = false;
  record.is_new = !exists;
  record.operation_id = stack_.operation_id;
  record.metadata = rule.metadata;
  record.changed = service_.clock.Now();
  Incarnation made{.type = rule.type,
                   .deletion_policy = rule.deletion_policy,
                   .update_replace_policy = rule.update_replace_policy,
                   .is_begun = true};
  const auto& waits_for = plan_->order.at(id);
  made.depends_on.assign(waits_for.begin(), waits_for.end());

  const auto node = EvaluateProperties(id, type);
  if (!node) {
    if (!exists) record.now = {.type = rule.type};
    return Fail(record, ReasonOf(node.error()));
  }
  made.properties = ToJson(*node);
  if (!exists) return BeginNew(record, type, std::move(made));

  const auto old = ReadJson(record.now.properties);
  if (!old) return Fail(record, ReasonOf(old.error()));
  const auto changed = Differences(type, *old, *node);
  made.token = record.now.token;
  made.physical_id = record.now.physical_id;
  made.attributes = record.now.attributes;
  if (changed.empty()) {
    record.now = std::move(made);
    record.status = record.status.starts_with("CREATE") ? "CREATE_COMPLETE" : "UPDATE_COMPLETE";
    return Keep(record) ? Progress::kDone : Progress::kFailed;
  }
  if (MustReplace(type, changed)) {
    const Node* name = type.name_property.empty() ? nullptr : node->Find(type.name_property);
    const Node* old_name = name == nullptr ? nullptr : old->Find(type.name_property);
    if (type.has_own_name && old_name != nullptr && IsSame(*name, *old_name)) {
      return Fail(record,
                  "CloudFormation cannot update a stack when a custom-named resource requires "
                  "replacing. Rename " +
                      name->text + " and update the stack again.");
    }
    made.token.clear();
    made.physical_id.clear();
    made.attributes.clear();
    record.before = record.now;
    return BeginNew(record, type, std::move(made));
  }
  record.before = record.now;
  record.now = std::move(made);
  record.status = "UPDATE_IN_PROGRESS";
  record.reason.clear();
  if (const auto kept = Keep(record, {EventOf(record, record.now)}); !kept) {
    return Progress::kWaiting;
  }
  return Alter(record, type);
}

Progress StackRun::BeginNew(ResourceRecord& record, const ResourceType& type, Incarnation made) {
  made.token = AsciiUpper(SecureHex(kTokenBytes));
  record.now = std::move(made);
  record.status = record.before ? "UPDATE_IN_PROGRESS" : "CREATE_IN_PROGRESS";
  record.reason = record.before ? "Requested update requires the creation of a new physical "
                                  "resource; hence creating one."
                                : "";
  auto action = ActionOn(record.logical_id, record.now);
  if (!action) return Fail(record, ReasonOf(action.error()));
  if (type.find) {
    const auto found = type.find(*action);
    if (!found || *found) {
      const EventRecord begun = EventOf(record, record.now);
      record.now.is_begun = false;
      if (!Keep(record, {begun})) return Progress::kWaiting;
      return Fail(record, found ? action->name + " already exists" : ReasonOf(found.error()));
    }
  }
  const auto kept = Keep(record, {EventOf(record, record.now)});
  if (!kept) return Progress::kWaiting;
  return Make(record, type, /*is_resumed=*/false);
}

Progress StackRun::Make(ResourceRecord& record, const ResourceType& type, bool is_resumed) {
  auto action = ActionOn(record.logical_id, record.now);
  if (!action) return Fail(record, ReasonOf(action.error()));
  Result<void> done;
  Result<bool> found = false;
  if (is_resumed && type.find) found = type.find(*action);
  if (!found) {
    done = found.error();
  } else if (*found && type.update) {
    action->before.emplace();  // nothing of what its update sets is known to be set
    done = type.update(*action);
  } else if (!*found) {
    done = type.create(*action);
  }
  TakeOver(*action, record.now);
  if (!done) {
    record.now.is_begun = !record.now.physical_id.empty();
    return Fail(record, ReasonOf(done.error()));
  }
  record.reason = kInitiated;
  const EventRecord initiated = EventOf(record, record.now);
  record.reason.clear();
  record.has_acted = true;
  return Settle(record, type, *action, {initiated});
}

Progress StackRun::Alter(ResourceRecord& record, const ResourceType& type) {
  auto action = ActionOn(record.logical_id, record.now, &*record.before);
  if (!action) return Fail(record, ReasonOf(action.error()));
  const auto done = type.update(*action);
  if (!done) return Fail(record, ReasonOf(done.error()));
  TakeOver(*action, record.now);
  record.has_acted = true;
  return Settle(record, type, *action, {});
}

// Whether the service is done with it. The events are committed with what comes of it.
Progress StackRun::Settle(ResourceRecord& record, const ResourceType& type, const Action& action,
                          const std::vector<EventRecord>& events) {
  Action asked = action;
  const auto ready = type.is_ready ? type.is_ready(asked) : Result<bool>(true);
  TakeOver(asked, record.now);
  record.changed = service_.clock.Now();
  if (!ready) {
    if (!events.empty() && !Keep(record, events)) return Progress::kWaiting;
    return Fail(record, ReasonOf(ready.error()));
  }
  std::vector<EventRecord> all = events;
  if (*ready) {
    const bool is_new = record.status.starts_with("CREATE");
    record.status = is_new ? "CREATE_COMPLETE" : "UPDATE_COMPLETE";
    all.push_back(EventOf(record, record.now));
  } else if (events.empty()) {
    return Progress::kWaiting;  // as it is known already
  }
  if (!Keep(record, all)) return Progress::kWaiting;
  return *ready ? Progress::kDone : Progress::kWaiting;
}

Progress StackRun::Fail(ResourceRecord& record, const std::string& reason) {
  record.status = record.is_new ? "CREATE_FAILED" : "UPDATE_FAILED";
  record.reason = reason;
  record.changed = service_.clock.Now();
  if (!Keep(record, {EventOf(record, record.now)})) return Progress::kWaiting;
  return Progress::kFailed;
}

StackRun::Phase StackRun::FailForward(const std::vector<std::string>& failed) {
  // What its service is still making is not waited for.
  for (const auto& [id, record] : std::map(resources_)) {
    if (record.operation_id != stack_.operation_id || !record.status.ends_with("_IN_PROGRESS")) {
      continue;
    }
    ResourceRecord cancelled = record;
    if (Fail(cancelled, kCancelled) == Progress::kWaiting) return Phase::kWait;
  }
  const bool is_update = IsUpdate(stack_);
  std::string reason = failed.empty()
                           ? "The operation could not go on, or took longer than its timeout. "
                           : "The following resource(s) failed to " +
                                 std::string(is_update ? "update" : "create") + ": [" +
                                 Joined(failed) + "]. ";
  if (is_update) {
    return SetStatus(stack_.disable_rollback ? "UPDATE_FAILED" : "UPDATE_ROLLBACK_IN_PROGRESS",
                     reason);
  }
  if (stack_.disable_rollback || stack_.on_failure == "DO_NOTHING") {
    return SetStatus("CREATE_FAILED", reason);
  }
  if (stack_.on_failure == "DELETE") return SetStatus("DELETE_IN_PROGRESS", reason);
  return SetStatus("ROLLBACK_IN_PROGRESS", reason + "Rollback requested by user.");
}

Result<std::vector<Output>> StackRun::EvaluateOutputs() {
  std::vector<Output> outputs;
  for (const OutputRule& rule : plan_->read.outputs) {
    if (!rule.condition.empty() && !plan_->scope.conditions.at(rule.condition)) continue;
    const std::string path = "/Outputs/" + rule.name;
    const auto value = Evaluate(rule.value, plan_->scope, path + "/Value");
    if (!value) return value.error();
    if (!value->is_scalar()) {
      return TemplateError(path, rule.line, "an output is a text, not " + Describe(*value));
    }
    Output output{.key = rule.name, .value = value->text, .description = rule.description};
    if (rule.export_name) {
      const auto name = Evaluate(*rule.export_name, plan_->scope, path + "/Export/Name");
      if (!name) return name.error();
      if (!name->is_scalar() || name->text.empty() || name->text.size() > 255 ||
          name->text.find('\n') != std::string::npos) {
        return TemplateError(path, rule.line, "the name of an export is 1 to 255 characters");
      }
      output.export_name = name->text;
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

// From the exports of the stack's outputs until now to those of `outputs`.
Result<void> StackRun::ChangeExports(const std::vector<Output>& outputs, storage::Batch& batch) {
  const auto find = [](const std::vector<Output>& list, const std::string& name) {
    const auto found = std::ranges::find(list, name, &Output::export_name);
    return found == list.end() ? nullptr : &*found;
  };
  const auto in_use = [&](const std::string& name, std::string_view what) -> Result<void> {
    const auto imports = store_.Imports(stack_.region, name);
    if (!imports) return imports.error();
    if (imports->empty()) return {};
    return InUse("Export " + name + " cannot be " + std::string(what) + " as it is in use by " +
                 imports->front().stack_name);
  };
  for (const Output& output : outputs) {
    if (output.export_name.empty()) continue;
    const Output* old = find(stack_.outputs, output.export_name);
    const ExportRecord record{output.export_name, output.value, stack_.id};
    if (old == nullptr) {
      const auto taken = store_.FindExport(stack_.region, output.export_name);
      if (!taken) return taken.error();
      if (*taken && (*taken)->stack_id != stack_.id) {
        return AlreadyExists("Export with name " + output.export_name +
                             " is already exported by stack " + (*taken)->stack_id);
      }
      if (!*taken) StackStore::CreateExport(batch, stack_.region, record);
    } else if (old->value != output.value) {
      if (auto free = in_use(output.export_name, "updated"); !free) return free;
      StackStore::RequireNoImport(batch, stack_.region, output.export_name);
      StackStore::PutExport(batch, stack_.region, record);
    }
  }
  for (const Output& old : stack_.outputs) {
    if (old.export_name.empty() || find(outputs, old.export_name) != nullptr) continue;
    if (auto free = in_use(old.export_name, "deleted"); !free) return free;
    StackStore::DeleteExport(batch, stack_.region, old.export_name);
  }
  return {};
}

StackRun::Phase StackRun::FinishForward() {
  const auto outputs = EvaluateOutputs();
  storage::Batch exports;
  Result<void> changed;
  if (outputs) {
    changed = ChangeExports(*outputs, exports);
  } else {
    changed = outputs.error();
  }
  const bool is_update = IsUpdate(stack_);
  if (!changed) {
    if (is_update) return SetStatus("UPDATE_ROLLBACK_IN_PROGRESS", changed.error().message);
    return SetStatus("ROLLBACK_IN_PROGRESS",
                     changed.error().message + ". Rollback requested by user.");
  }
  const auto old_imports = store_.ImportsOf(stack_.id);
  const auto keep = [&](StackRecord& stack, storage::Batch& batch) {
    stack.outputs = *outputs;
    batch.Add(exports);
    if (!old_imports) return;
    for (const ImportRecord& import : *old_imports) {
      if (plan_->imports.contains(import.name)) continue;
      StackStore::DeleteImport(batch, stack.region, import);
    }
  };
  return SetStatus(is_update ? "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" : "CREATE_COMPLETE", "", keep);
}

}  // namespace usher::cloudformation
