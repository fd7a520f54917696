// Operations CreateChangeSet, DescribeChangeSet, ListChangeSets, ExecuteChangeSet, DeleteChangeSet.
// Errors: ValidationError, AlreadyExistsException, ChangeSetNotFound, InvalidChangeSetStatus,
// InsufficientCapabilitiesException.
#include "base/random.h"
#include "services/cloudformation/changes.h"
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {
namespace {

constexpr char kReview[] = "REVIEW_IN_PROGRESS";
constexpr std::size_t kMaxChangeSets = 100;  // of one stack

std::string_view NameOf(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kAdd:
      return "Add";
    case ChangeKind::kModify:
      return "Modify";
    case ChangeKind::kRemove:
      break;
  }
  return "Remove";
}

std::string_view NameOf(Replacement replacement) {
  switch (replacement) {
    case Replacement::kFalse:
      return "False";
    case Replacement::kTrue:
      return "True";
    case Replacement::kConditional:
      break;
  }
  return "Conditional";
}

api::ResourceChangeDetail DetailOf(const PropertyChange& property) {
  api::ResourceChangeDetail detail;
  detail.target.emplace();
  detail.target->attribute = property.name == "Tags" ? "Tags" : "Properties";
  if (property.name != "Tags") detail.target->name = property.name;
  detail.target->requires_recreation = property.may_replace ? "Always" : "Never";
  detail.evaluation = property.cause.empty() ? "Static" : "Dynamic";
  detail.change_source = property.cause.empty() ? "DirectModification" : "ResourceReference";
  if (!property.cause.empty()) detail.causing_entity = property.cause;
  return detail;
}

api::Change ShownChange(const ResourceChange& change) {
  api::ResourceChange shown;
  shown.action = std::string(NameOf(change.kind));
  shown.logical_resource_id = change.logical_id;
  if (!change.physical_id.empty()) shown.physical_resource_id = change.physical_id;
  shown.resource_type = change.type;
  shown.scope.emplace();
  shown.details.emplace();
  if (change.kind == ChangeKind::kModify) {
    shown.replacement = std::string(NameOf(change.replacement));
    bool tags = false;
    bool properties = false;
    for (const PropertyChange& property : change.properties) {
      (property.name == "Tags" ? tags : properties) = true;
      shown.details->push_back(DetailOf(property));
    }
    if (properties) shown.scope->emplace_back("Properties");
    if (tags) shown.scope->emplace_back("Tags");
    if (change.other_attributes) shown.scope->emplace_back("Metadata");
  }
  api::Change outer;
  outer.type = "Resource";
  outer.resource_change = std::move(shown);
  return outer;
}

// The stack that a change set is for; a new one, in review, when it is to create it.
struct Target {
  StackRecord stack;
  bool is_new = false;   // no document yet
  bool creates = false;  // its resources
};

Result<Target> TargetOf(const api::CreateChangeSetInput& request, const StackStore& store,
                        const Service& service, const wire::CallContext& context) {
  const std::string type = request.change_set_type.value_or("UPDATE");
  if (type == "IMPORT") return InvalidInput("importing resources is not supported by Usher");
  Target target{.creates = type == "CREATE"};
  auto there = store.Find(context.region, request.stack_name);
  if (!there && there.error().code != ErrorCode::kNotFound) return there.error();
  if (!there && !target.creates) return there.error();
  if (!there) {
    auto made = NewStack(request.stack_name, service, context);
    if (!made) return made.error();
    target.stack = *std::move(made);
    target.stack.status = kReview;
    target.stack.reason = "User Initiated";
    target.is_new = true;
    return target;
  }
  target.stack = *std::move(there);
  if (target.creates && target.stack.status != kReview) {
    return InvalidInput("Stack [" + target.stack.name +
                        "] already exists and cannot be created again with the changeSet [" +
                        request.change_set_name + "].");
  }
  if (target.creates) return target;
  if (target.stack.status == kReview) {
    return InvalidInput("Stack [" + target.stack.name +
                        "] is in REVIEW_IN_PROGRESS state: it is to be created by a change set of "
                        "type CREATE");
  }
  if (auto checked = CheckUpdatable(target.stack); !checked) return checked.error();
  return target;
}

Result<Changes> ChangesOf(const Target& target, const Prepared& prepared, const StackStore& store) {
  if (target.creates) return ChangesBetween(nullptr, nullptr, prepared.plan, prepared.wanted, {});
  const auto plan = PlanOf(target.stack, store);
  if (!plan) return plan.error();
  const auto resources = store.Resources(target.stack.id);
  if (!resources) return resources.error();
  return ChangesBetween(&*plan, &target.stack.now, prepared.plan, prepared.wanted, *resources);
}

void FillChanges(ChangeSetRecord& record, const Changes& changes) {
  if (changes.none()) {
    record.status = "FAILED";
    record.execution_status = "UNAVAILABLE";
    record.reason =
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set.";
    return;
  }
  record.status = "CREATE_COMPLETE";
  record.execution_status = "AVAILABLE";
  ValueList list;
  for (const ResourceChange& change : changes.resources) {
    list.push_back(ShownChange(change).ToValue());
  }
  record.changes = std::move(list);
}

Error WrongStatus(const ChangeSetRecord& set) {
  return Named("InvalidChangeSetStatus", ErrorCode::kInUse,
               "ChangeSet [" + set.id + "] cannot be executed in its current status of [" +
                   set.status + "]" +
                   (set.execution_status.empty() ? "" : " and " + set.execution_status),
               400);
}

}  // namespace

Result<ChangeSetRecord> FindChangeSetBy(const std::string& name_or_id,
                                        const std::optional<std::string>& stack,
                                        const StackStore& store, const wire::CallContext& context) {
  if (name_or_id.starts_with("arn:")) return store.FindChangeSet(name_or_id);
  if (!stack) {
    return InvalidInput("StackName must be specified if ChangeSetName is not specified as an ARN.");
  }
  const auto found = store.Find(context.region, *stack);
  if (!found) return found.error();
  auto sets = store.ChangeSets(found->id);
  if (!sets) return sets.error();
  for (ChangeSetRecord& set : *sets) {
    if (set.name == name_or_id) return std::move(set);
  }
  return Named("ChangeSetNotFound", ErrorCode::kNotFound,
               "ChangeSet [" + name_or_id + "] does not exist", 404);
}

Result<api::CreateChangeSetOutput> CreateChangeSet(const api::CreateChangeSetInput& request,
                                                   Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  auto target = TargetOf(request, store, service, context);
  if (!target) return target.error();
  StackRecord& stack = target->stack;
  const auto others = store.ChangeSets(stack.id);
  if (!others) return others.error();
  for (const ChangeSetRecord& other : *others) {
    if (other.name != request.change_set_name) continue;
    return Named("AlreadyExistsException", ErrorCode::kAlreadyExists,
                 "ChangeSet [" + request.change_set_name + "] already exists", 400);
  }
  if (others->size() >= kMaxChangeSets) {
    return Named("LimitExceededException", ErrorCode::kLimitExceeded,
                 "a stack has at most 100 change sets; delete some", 400);
  }
  auto text = request.use_previous_template.value_or(false)
                  ? store.Template(stack.id, stack.now.template_number)
                  : TemplateText(request.template_body, request.template_url, service, context);
  if (!text) return text.error();
  auto prepared = Prepare(RequestOf(request, *text), stack, target->creates ? nullptr : &stack.now);
  if (!prepared) return prepared.error();
  const auto changes = ChangesOf(*target, *prepared, store);
  if (!changes) return changes.error();

  ChangeSetRecord record{.id = "arn:aws:cloudformation:" + context.region + ":" +
                               std::string(wire::kAccountId) + ":changeSet/" +
                               request.change_set_name + "/" + NewUuid(),
                         .name = request.change_set_name,
                         .stack_id = stack.id,
                         .stack_name = stack.name,
                         .description = request.description.value_or(""),
                         .on_stack_failure = request.on_stack_failure.value_or(""),
                         .creates = target->creates,
                         .created = service.clock.Now(),
                         .wanted = std::move(prepared->wanted),
                         .template_text = *std::move(text)};
  FillChanges(record, *changes);
  storage::Batch batch;
  if (target->is_new) StackStore::Create(batch, stack);
  StackStore::Put(batch, record);
  const auto committed = store.Commit(batch);
  if (!committed && committed.error().code == ErrorCode::kAlreadyExists) {
    return InvalidInput("Stack [" + stack.name + "] was created at the same time; try again");
  }
  if (!committed) return committed.error();
  return api::CreateChangeSetOutput{.id = record.id, .stack_id = stack.id};
}

Result<api::DescribeChangeSetOutput> DescribeChangeSet(const api::DescribeChangeSetInput& request,
                                                       Service& service,
                                                       wire::CallContext& context) {
  const StackStore store(service.documents);
  const auto set = FindChangeSetBy(request.change_set_name, request.stack_name, store, context);
  if (!set) return set.error();
  api::DescribeChangeSetOutput answer{.change_set_name = set->name,
                                      .change_set_id = set->id,
                                      .stack_id = set->stack_id,
                                      .stack_name = set->stack_name};
  if (!set->description.empty()) answer.description = set->description;
  answer.parameters = ShownParameters(set->wanted);
  answer.creation_time = set->created;
  answer.execution_status = set->execution_status;
  answer.status = set->status;
  if (!set->reason.empty()) answer.status_reason = set->reason;
  answer.notification_arns = set->wanted.notification_arns;
  answer.rollback_configuration.emplace();
  answer.capabilities = set->wanted.capabilities;
  answer.tags = ShownTags(set->wanted);
  answer.include_nested_stacks = false;
  std::vector<api::Change> all;
  if (const ValueList* list = set->changes.as_list()) {
    for (const Value& change : *list) all.push_back(api::Change::FromValue(change));
  }
  auto page = TakePage(std::move(all), request.next_token);
  if (!page) return page.error();
  answer.changes = std::move(page->items);
  answer.next_token = page->next;
  return answer;
}

Result<api::ListChangeSetsOutput> ListChangeSets(const api::ListChangeSetsInput& request,
                                                 Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  const auto stack = store.Find(context.region, request.stack_name);
  if (!stack) return stack.error();
  auto all = store.ChangeSets(stack->id);
  if (!all) return all.error();
  const auto page = TakePage(*std::move(all), request.next_token);
  if (!page) return page.error();
  api::ListChangeSetsOutput answer;
  answer.summaries.emplace();
  for (const ChangeSetRecord& set : page->items) {
    api::ChangeSetSummary shown{.stack_id = set.stack_id, .stack_name = set.stack_name};
    shown.change_set_id = set.id;
    shown.change_set_name = set.name;
    shown.execution_status = set.execution_status;
    shown.status = set.status;
    if (!set.reason.empty()) shown.status_reason = set.reason;
    shown.creation_time = set.created;
    if (!set.description.empty()) shown.description = set.description;
    answer.summaries->push_back(std::move(shown));
  }
  answer.next_token = page->next;
  return answer;
}

// What was checked when it was created is checked again: the stack may have changed since.
Result<api::ExecuteChangeSetOutput> ExecuteChangeSet(const api::ExecuteChangeSetInput& request,
                                                     Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  auto set = FindChangeSetBy(request.change_set_name, request.stack_name, store, context);
  if (!set) return set.error();
  if (set->execution_status != "AVAILABLE") return WrongStatus(*set);
  auto stack = store.Find(context.region, set->stack_id);
  if (!stack) return stack.error();
  if (!set->creates) {
    if (auto checked = CheckUpdatable(*stack); !checked) return checked.error();
  } else if (stack->status != kReview) {
    return WrongStatus(*set);
  }
  auto read = ReadAndCheck(set->template_text);
  if (!read) return read.error();
  auto plan = MakePlan(*std::move(read), set->wanted.parameters, PseudoOf(*stack, set->wanted));
  if (!plan) return plan.error();
  Prepared prepared{set->wanted, *std::move(plan)};
  prepared.wanted.template_number = stack->now.template_number;

  stack->disable_rollback =
      request.disable_rollback.value_or(set->on_stack_failure == "DO_NOTHING");
  if (set->creates && !set->on_stack_failure.empty()) stack->on_failure = set->on_stack_failure;
  stack->change_set_id = set->id;
  set->execution_status = "EXECUTE_COMPLETE";
  storage::Batch batch;
  const std::string token = request.client_request_token.value_or("");
  if (set->creates) {
    AddTemplate(batch, *stack, std::move(prepared), set->template_text);
    Begin(batch, *stack, "CREATE_IN_PROGRESS", token, service);
    StackStore::Update(batch, *stack);
  } else {
    BeginUpdate(batch, *stack, std::move(prepared), set->template_text, token, service);
  }
  const auto others = store.ChangeSets(stack->id);
  if (!others) return others.error();
  for (const ChangeSetRecord& other : *others) {
    if (other.id != set->id) StackStore::Delete(batch, other);  // made for what is no more
  }
  StackStore::Put(batch, *set);
  if (const auto committed = store.Commit(batch); !committed) {
    if (committed.error().code != ErrorCode::kInUse) return committed.error();
    return InvalidInput("Stack:" + stack->id + " has changed at the same time; try again");
  }
  service.queue.Wake();
  return api::ExecuteChangeSetOutput{};
}

Result<api::DeleteChangeSetOutput> DeleteChangeSet(const api::DeleteChangeSetInput& request,
                                                   Service& service, wire::CallContext& context) {
  const StackStore store(service.documents);
  const auto set = FindChangeSetBy(request.change_set_name, request.stack_name, store, context);
  if (!set && set.error().wire_name == "ChangeSetNotFound") return api::DeleteChangeSetOutput{};
  if (!set) return set.error();
  storage::Batch batch;
  StackStore::Delete(batch, *set);
  if (const auto committed = store.Commit(batch); !committed) return committed.error();
  return api::DeleteChangeSetOutput{};
}

}  // namespace usher::cloudformation
