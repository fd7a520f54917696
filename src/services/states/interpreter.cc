#include "services/states/interpreter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "json/json.h"

namespace usher::states {
namespace {

const Value kEmptyObject = ValueMap();

ValueMap NotTruncated() {
  ValueMap map;
  map.Append("truncated", false);
  return map;
}

void AppendData(ValueMap& details, std::string_view member, std::string text) {
  details.Append(std::string(member), std::move(text));
  details.Append(std::string(member) + "Details", NotTruncated());
}

ValueMap FailureDetails(const Failure& failure) {
  ValueMap details;
  if (!failure.error.empty()) details.Append("error", failure.error);
  if (!failure.cause.empty()) details.Append("cause", failure.cause);
  return details;
}

bool Retries(StateType type) {
  return type == StateType::kTask || type == StateType::kParallel || type == StateType::kMap;
}

// A Parallel or Map state is also caught by the name that the language has for a failed branch.
bool TakesFailure(const std::vector<std::string>& errors, const Failure& failure, StateType type) {
  if (Takes(errors, failure.error)) return true;
  return type == StateType::kParallel && std::ranges::find(errors, kBranchFailed) != errors.end();
}

Result<Value> Selected(const std::optional<ScopedPath>& path, const Scope& scope,
                       std::string_view field) {
  if (!path) return kEmptyObject;
  return path->Get(scope, field);
}

// Whether objects and arrays lie deeper within each other than `left` levels.
bool IsTooDeep(const Value& value, std::size_t left = kMaxDataDepth) {
  const auto below = [&](const Value& one) { return IsTooDeep(one, left - 1); };
  if (const ValueList* list = value.as_list()) {
    return left == 0 || std::ranges::any_of(*list, below);
  }
  if (const ValueMap* map = value.as_map()) {
    return left == 0 ||
           std::ranges::any_of(*map, [&](const auto& member) { return below(member.second); });
  }
  return false;
}

Error TooDeep() {
  return StatesError(kRuntime, "The data has more than " + std::to_string(kMaxDataDepth) +
                                   " objects and arrays within each other.");
}

std::string RegionOf(const Execution& execution) {
  return std::string(Split(execution.arn, ':')[3]);
}

}  // namespace

Interpreter::Interpreter(const Machine& machine, Execution& execution, Progress& progress,
                         const Surroundings& surroundings)
    : machine_(machine), execution_(execution), progress_(progress), surroundings_(surroundings) {
  auto input = json::Parse(execution.input);
  Check(input.has_value(), "an execution's input was checked when it was started");
  execution_input_ = *std::move(input);
}

// ---- events ----

const State& Interpreter::StateOf(const Flow& flow) const {
  return machine_.StateOf(flow.block, flow.state);
}

Time Interpreter::TimeOf(const Flow& flow) const {
  return surroundings_.now() + std::chrono::milliseconds(flow.ahead_millis);
}

std::int64_t Interpreter::AddEvent(Flow& flow, std::string type, std::string details_member,
                                   ValueMap details) {
  const std::int64_t id = ++progress_.events;
  effects_.events.push_back({.id = id,
                             .previous = flow.last_event,
                             .time = TimeOf(flow),
                             .type = std::move(type),
                             .details_member = std::move(details_member),
                             .details = std::move(details)});
  flow.last_event = id;
  return id;
}

// With the event that was added last the flow has left its state.
void Interpreter::EndVisit(const Flow& flow) {
  HistoryEvent& event = effects_.events.back();
  event.state = flow.state;
  event.entered = flow.entered;
  event.entered_event = flow.entered_event;
}

// The last event, after which there are no flows.
void Interpreter::AddEnd(std::string type, std::string details_member, ValueMap details) {
  Flow& root = progress_.flows.at(0);
  AddEvent(root, std::move(type), std::move(details_member), std::move(details));
  if (effects_.events.back().type != "ExecutionSucceeded") EndVisit(root);
  execution_.stopped = TimeOf(root);
  progress_.flows.clear();
}

// TaskScheduled, LambdaFunctionScheduled, ActivityScheduled: `what` is "Scheduled".
void Interpreter::AddTaskEvent(Flow& flow, std::string_view what, ValueMap details) {
  const auto resource = ParseResource(StateOf(flow).resource);
  Check(resource.has_value(), "a checked machine's resources can be read");
  std::string prefix = "Task";
  ValueMap all;
  if (resource->kind == Resource::Kind::kIntegration) {
    all.Append("resourceType", resource->service);
    all.Append("resource", resource->ActionWithPattern());
  } else {
    prefix = resource->kind == Resource::Kind::kFunction ? "LambdaFunction" : "Activity";
    if (what == "Scheduled") all.Append("resource", resource->arn);
  }
  for (auto& [name, value] : details) all.Set(name, std::move(value));
  std::string type = prefix + std::string(what);
  std::string member = type + "EventDetails";
  member[0] = static_cast<char>(member[0] - 'A' + 'a');
  if (type == "LambdaFunctionStarted") member.clear();
  AddEvent(flow, std::move(type), std::move(member), std::move(all));
}

Value Interpreter::Context(const Flow& flow, const Value* item, std::int64_t item_index) const {
  ValueMap run;
  run.Append("Id", execution_.arn);
  run.Append("Input", execution_input_);
  run.Append("Name", execution_.name);
  run.Append("RoleArn", execution_.role_arn);
  run.Append("StartTime", FormatIso8601(execution_.started));
  ValueMap state;
  state.Append("EnteredTime", FormatIso8601(flow.entered));
  state.Append("Name", flow.state);
  state.Append("RetryCount", flow.retry_count);
  ValueMap machine;
  machine.Append("Id", execution_.machine_arn);
  machine.Append("Name", execution_.machine_name);
  ValueMap context;
  context.Append("Execution", std::move(run));
  context.Append("State", std::move(state));
  context.Append("StateMachine", std::move(machine));
  if (flow.phase == Flow::Phase::kTask) {
    ValueMap task;
    task.Append("Token", TaskToken(execution_, progress_, flow.number, flow.ticket));
    context.Append("Task", std::move(task));
  }
  const Flow* holder = &flow;
  while (!item && holder) {
    if (holder->item) {
      item = &*holder->item;
      item_index = holder->index;
    }
    const auto parent = progress_.flows.find(holder->parent);
    holder = parent == progress_.flows.end() ? nullptr : &parent->second;
  }
  if (item) {
    ValueMap entry;
    entry.Append("Index", item_index);
    entry.Append("Value", *item);
    ValueMap map;
    map.Append("Item", std::move(entry));
    context.Append("Map", std::move(map));
  }
  return context;
}

Flow* Interpreter::Find(int number) {
  const auto found = progress_.flows.find(number);
  return found == progress_.flows.end() ? nullptr : &found->second;
}

// ---- from outside ----

void Interpreter::Start() {
  Flow& root = progress_.flows[0];
  progress_.flows_made = 1;
  ValueMap details;
  AppendData(details, "input", execution_.input);
  details.Append("roleArn", execution_.role_arn);
  AddEvent(root, "ExecutionStarted", "executionStartedEventDetails", std::move(details));
  if (machine_.timeout_seconds) {
    effects_.timers.push_back(
        {.kind = Timer::Kind::kTimeout,
         .flow = -1,
         .ticket = 0,
         .due = execution_.started + std::chrono::seconds(*machine_.timeout_seconds)});
  }
  Enter(root, machine_.blocks.front().start_at, execution_input_);
}

bool Interpreter::CanAdvance() const {
  return std::ranges::any_of(
      progress_.flows, [](const auto& entry) { return entry.second.phase == Flow::Phase::kReady; });
}

void Interpreter::Advance() {
  Flow* first = nullptr;
  for (auto& [number, flow] : progress_.flows) {
    if (flow.phase != Flow::Phase::kReady) continue;
    if (!first || flow.last_event < first->last_event) first = &flow;
  }
  Check(first != nullptr, "there is a flow that is ready");
  if (!HistoryIsFull()) Run(*first);
}

bool Interpreter::HistoryIsFull() {
  // A transition leaves a state and enters one; the end takes one event more.
  if (progress_.events < kMaxHistoryEvents - 2) return false;
  FailFlow(progress_.flows.at(0),
           {std::string(kRuntime), "The execution reached the maximum number of history events (" +
                                       std::to_string(kMaxHistoryEvents) + ")."});
  return true;
}

void Interpreter::Fire(const Timer& timer) {
  if (progress_.flows.empty()) return;
  if (timer.flow < 0) {
    AddEnd("ExecutionTimedOut", "executionTimedOutEventDetails", {});
    End(Status::kTimedOut);
    return;
  }
  Flow* flow = Find(timer.flow);
  if (!flow || flow->ticket != timer.ticket) return;
  if (timer.kind == Timer::Kind::kWake) {
    if (flow->phase == Flow::Phase::kWait) {
      if (!HistoryIsFull()) PassOn(*flow);
    } else if (flow->phase == Flow::Phase::kBackoff) {
      flow->phase = Flow::Phase::kReady;
    }
    return;
  }
  if (flow->phase != Flow::Phase::kTask || HistoryIsFull()) return;
  Failure failure{std::string(kTimeout), ""};
  if (timer.kind == Timer::Kind::kHeartbeat) {
    if (flow->heartbeat_due > surroundings_.now()) {
      SetTimer(Timer::Kind::kHeartbeat, *flow, flow->heartbeat_due);
      return;
    }
    failure.error = std::string(kHeartbeatTimeout);
  }
  AddTaskEvent(*flow, "TimedOut", FailureDetails(failure));
  FailState(*flow, failure);
}

bool Interpreter::Awaits(int flow, std::int64_t ticket) const {
  const auto found = progress_.flows.find(flow);
  return found != progress_.flows.end() && found->second.ticket == ticket &&
         found->second.phase == Flow::Phase::kTask;
}

Flow* Interpreter::FindWaiting(int flow, std::int64_t ticket) {
  if (!Awaits(flow, ticket) || HistoryIsFull()) return nullptr;
  return Find(flow);
}

void Interpreter::TaskSucceeded(int number, std::int64_t ticket, Value result) {
  Flow* flow = FindWaiting(number, ticket);
  if (!flow) return;
  if (IsTooDeep(result)) return TaskFailed(number, ticket, FailureOf(TooDeep()));
  std::string text = json::Write(result);
  if (text.size() > kMaxDataBytes) {
    const Failure failure{std::string(kDataLimitExceeded),
                          "The state/task '" + StateOf(*flow).resource +
                              "' returned a result with a size exceeding the maximum number of "
                              "bytes service limit."};
    AddTaskEvent(*flow, "Failed", FailureDetails(failure));
    FailState(*flow, failure);
    return;
  }
  ValueMap details;
  AppendData(details, "output", std::move(text));
  AddTaskEvent(*flow, "Succeeded", std::move(details));
  Finish(*flow, std::move(result));
}

void Interpreter::TaskFailed(int number, std::int64_t ticket, const Failure& failure) {
  Flow* flow = FindWaiting(number, ticket);
  if (!flow) return;
  AddTaskEvent(*flow, "Failed", FailureDetails(failure));
  FailState(*flow, failure);
}

void Interpreter::TaskSubmitted(int number, std::int64_t ticket, const Value& answer) {
  Flow* flow = FindWaiting(number, ticket);
  if (!flow || flow->submitted) return;
  flow->submitted = true;
  ValueMap details;
  AppendData(details, "output", json::Write(answer));
  AddTaskEvent(*flow, "Submitted", std::move(details));
}

void Interpreter::TaskStarted(int number, std::int64_t ticket, std::string_view worker) {
  Flow* flow = FindWaiting(number, ticket);
  if (!flow || flow->submitted) return;
  flow->submitted = true;
  ValueMap details;
  if (!worker.empty()) details.Append("workerName", worker);
  AddTaskEvent(*flow, "Started", std::move(details));
}

void Interpreter::Heartbeat(int number, std::int64_t ticket) {
  Flow* flow = FindWaiting(number, ticket);
  if (!flow || !flow->heartbeat_millis) return;
  flow->heartbeat_due = surroundings_.now() + std::chrono::milliseconds(*flow->heartbeat_millis);
}

void Interpreter::Abort(const Failure& failure) {
  if (progress_.flows.empty()) return;
  AddEnd("ExecutionAborted", "executionAbortedEventDetails", FailureDetails(failure));
  execution_.failure = failure;
  End(Status::kAborted);
}

void Interpreter::End(Status status) { execution_.status = status; }

// ---- from state to state ----

void Interpreter::SetTimer(Timer::Kind kind, Flow& flow, Time due) {
  effects_.timers.push_back({.kind = kind, .flow = flow.number, .ticket = flow.ticket, .due = due});
}

void Interpreter::Enter(Flow& flow, const std::string& name, Value input) {
  flow.state = name;
  flow.input = std::move(input);
  flow.entered = TimeOf(flow);
  flow.phase = Flow::Phase::kReady;
  const State& state = StateOf(flow);
  flow.retries.assign(state.retriers.size(), 0);
  flow.retry_count = 0;
  ValueMap details;
  details.Append("name", name);
  AppendData(details, "input", json::Write(flow.input));
  flow.entered_event = AddEvent(flow, std::string(NameOf(state.type)) + "StateEntered",
                                "stateEnteredEventDetails", std::move(details));
}

void Interpreter::Exit(Flow& flow, Value output, const std::string& next) {
  const State& state = StateOf(flow);
  if (IsTooDeep(output)) return FailFlow(flow, FailureOf(TooDeep()));
  std::string text = json::Write(output);
  if (text.size() > kMaxDataBytes) {
    FailFlow(flow, {std::string(kDataLimitExceeded),
                    "The state/task '" + state.name +
                        "' returned a result with a size exceeding the maximum number of bytes "
                        "service limit."});
    return;
  }
  ValueMap details;
  details.Append("name", state.name);
  AppendData(details, "output", std::move(text));
  AddEvent(flow, std::string(NameOf(state.type)) + "StateExited", "stateExitedEventDetails",
           std::move(details));
  EndVisit(flow);
  if (next.empty()) {
    Done(flow, std::move(output));
  } else {
    Enter(flow, next, std::move(output));
  }
}

// ResultSelector, ResultPath, OutputPath.
void Interpreter::Finish(Flow& flow, Value result) {
  const State& state = StateOf(flow);
  const Value context = Context(flow, nullptr, 0);
  if (state.result_selector) {
    auto selected = state.result_selector->Evaluate({result, context});
    if (!selected) return FailData(flow, selected.error());
    result = *std::move(selected);
  }
  Value output = flow.input;
  if (state.result_path) {
    if (const auto written = state.result_path->Write(output, std::move(result)); !written) {
      return FailData(flow,
                      StatesError(kResultPathMatchFailure,
                                  "Unable to apply ReferencePath " + state.result_path->text() +
                                      " to the input: " + written.error().message));
    }
  }
  auto selected = Selected(state.output_path, {output, context}, "OutputPath");
  if (!selected) return FailData(flow, selected.error());
  Exit(flow, *std::move(selected), state.next);
}

// For states that only look at their input.
void Interpreter::PassOn(Flow& flow) {
  const State& state = StateOf(flow);
  const Value context = Context(flow, nullptr, 0);
  auto input = Selected(state.input_path, {flow.input, context}, "InputPath");
  if (!input) return FailData(flow, input.error());
  auto output = Selected(state.output_path, {*input, context}, "OutputPath");
  if (!output) return FailData(flow, output.error());
  Exit(flow, *std::move(output), state.next);
}

void Interpreter::Done(Flow& flow, Value output) {
  if (flow.parent >= 0) return ChildDone(flow, std::move(output));
  execution_.output = json::Write(output);
  ValueMap details;
  AppendData(details, "output", execution_.output);
  AddEnd("ExecutionSucceeded", "executionSucceededEventDetails", std::move(details));
  End(Status::kSucceeded);
}

void Interpreter::Run(Flow& flow) {
  const State& state = StateOf(flow);
  if (state.type == StateType::kSucceed) return PassOn(flow);
  const Value context = Context(flow, nullptr, 0);
  if (state.type == StateType::kFail) return RunFail(flow, state, context);
  auto input = Selected(state.input_path, {flow.input, context}, "InputPath");
  if (!input) return FailData(flow, input.error());
  switch (state.type) {
    case StateType::kPass:
      return RunPass(flow, state, *input, context);
    case StateType::kTask:
      return RunTask(flow, state, *input);
    case StateType::kChoice:
      return RunChoice(flow, state, *input, context);
    case StateType::kWait:
      return RunWait(flow, state, *input, context);
    case StateType::kParallel:
      return RunParallel(flow, state, *input, context);
    case StateType::kMap:
      return RunMap(flow, state, *input, context);
    case StateType::kSucceed:
    case StateType::kFail:
      return;
  }
}

void Interpreter::RunPass(Flow& flow, const State& state, const Value& input,
                          const Value& context) {
  if (state.result) return Finish(flow, *state.result);
  if (!state.parameters) return Finish(flow, input);
  auto made = state.parameters->Evaluate({input, context});
  if (!made) return FailData(flow, made.error());
  Finish(flow, *std::move(made));
}

void Interpreter::RunChoice(Flow& flow, const State& state, const Value& input,
                            const Value& context) {
  const std::string* next = state.otherwise.empty() ? nullptr : &state.otherwise;
  for (const Choice& choice : state.choices) {
    const auto matches = choice.rule.Matches({input, context});
    if (!matches) return FailData(flow, matches.error());
    if (!*matches) continue;
    next = &choice.next;
    break;
  }
  if (!next) {
    return FailData(flow, StatesError(kNoChoiceMatched,
                                      "No choice rule matched, and the state has no Default."));
  }
  auto output = Selected(state.output_path, {input, context}, "OutputPath");
  if (!output) return FailData(flow, output.error());
  Exit(flow, *std::move(output), *next);
}

Result<double> Interpreter::Measure(const Quantity& quantity, const Scope& scope,
                                    std::string_view field) const {
  if (quantity.number) return *quantity.number;
  const auto found = quantity.path->Get(scope, field);
  if (!found) return found.error();
  std::optional<double> number;
  if (found->as_int()) number = static_cast<double>(*found->as_int());
  if (found->as_double()) number = *found->as_double();
  if (number && *number >= 0 && *number <= 99'999'999) return *number;
  return StatesError(kRuntime, "The value of " + std::string(field) + " at " +
                                   quantity.path->text() +
                                   " must be a number from 0 to 99999999, not " +
                                   json::Write(*found).substr(0, 128));
}

void Interpreter::RunWait(Flow& flow, const State& state, const Value& input,
                          const Value& context) {
  const Time now = TimeOf(flow);
  std::int64_t millis = 0;
  if (state.wait_seconds) {
    const auto seconds = Measure(*state.wait_seconds, {input, context}, "SecondsPath");
    if (!seconds) return FailData(flow, seconds.error());
    millis = std::llround(*seconds * 1000);
  } else {
    std::optional<std::int64_t> until;
    if (const auto* fixed = std::get_if<std::int64_t>(&state.wait_until)) until = *fixed;
    if (const auto* path = std::get_if<ScopedPath>(&state.wait_until)) {
      const auto found = path->Get({input, context}, "TimestampPath");
      if (!found) return FailData(flow, found.error());
      if (found->as_string()) until = ParseTimestamp(*found->as_string());
      if (!until) {
        return FailData(flow, StatesError(kRuntime,
                                          "The TimestampPath parameter does not "
                                          "reference a valid timestamp: " +
                                              path->text()));
      }
    }
    millis = std::max<std::int64_t>(0, *until - EpochMillis(now));
  }
  flow.phase = Flow::Phase::kWait;
  flow.ticket = ++progress_.tickets;
  const auto real =
      static_cast<std::int64_t>(std::ceil(static_cast<double>(millis) / surroundings_.time_scale));
  SetTimer(Timer::Kind::kWake, flow, surroundings_.now() + std::chrono::milliseconds(real));
  flow.ahead_millis += millis - real;
}

void Interpreter::RunFail(Flow& flow, const State& state, const Value& context) {
  Failure failure{state.error, state.cause};
  const auto take = [&](const std::optional<Expression>& expression, std::string_view field,
                        std::string& to) -> Result<void> {
    if (!expression) return {};
    const auto value = expression->Evaluate({flow.input, context}, field);
    if (!value) return value.error();
    if (!value->as_string()) {
      return StatesError(kRuntime, std::string(field) + " must give a string");
    }
    to = *value->as_string();
    return {};
  };
  if (const auto taken = take(state.error_path, "ErrorPath", failure.error); !taken) {
    return FailData(flow, taken.error());
  }
  if (const auto taken = take(state.cause_path, "CausePath", failure.cause); !taken) {
    return FailData(flow, taken.error());
  }
  FailFlow(flow, failure);
}

void Interpreter::RunTask(Flow& flow, const State& state, const Value& input) {
  // The ticket first: the token that parameters may hold names it.
  flow.phase = Flow::Phase::kTask;
  flow.ticket = ++progress_.tickets;
  flow.submitted = false;
  flow.heartbeat_millis.reset();
  const Value context = Context(flow, nullptr, 0);
  const Scope scope{input, context};
  Value parameters = input;
  if (state.parameters) {
    auto made = state.parameters->Evaluate(scope);
    if (!made) return FailData(flow, made.error());
    parameters = *std::move(made);
  }
  if (IsTooDeep(parameters)) return FailData(flow, TooDeep());
  std::string text = json::Write(parameters);
  if (text.size() > kMaxDataBytes) {
    return FailData(flow, StatesError(kDataLimitExceeded,
                                      "The parameters of the task have more than 262144 bytes."));
  }
  ValueMap details;
  const auto resource = ParseResource(state.resource);
  if (resource && resource->kind == Resource::Kind::kIntegration) {
    details.Append("region", RegionOf(execution_));
    details.Append("parameters", std::move(text));
  } else {
    AppendData(details, "input", std::move(text));
  }
  const auto limit = [&](const std::optional<Quantity>& quantity, std::string_view field,
                         std::string_view member) -> Result<std::optional<std::int64_t>> {
    if (!quantity) return std::optional<std::int64_t>();
    const auto seconds = Measure(*quantity, scope, field);
    if (!seconds) return seconds.error();
    if (*seconds < 1) {
      return StatesError(kRuntime, std::string(field) + " must give at least 1 second");
    }
    const auto whole = static_cast<std::int64_t>(*seconds);
    details.Append(std::string(member), whole);
    return std::optional(whole * 1000);
  };
  const auto timeout = limit(state.timeout, "TimeoutSecondsPath", "timeoutInSeconds");
  if (!timeout) return FailData(flow, timeout.error());
  const auto heartbeat = limit(state.heartbeat, "HeartbeatSecondsPath", "heartbeatInSeconds");
  if (!heartbeat) return FailData(flow, heartbeat.error());

  AddTaskEvent(flow, "Scheduled", std::move(details));
  if (resource->kind != Resource::Kind::kActivity) AddTaskEvent(flow, "Started", {});
  const Time now = surroundings_.now();
  if (*timeout) {
    SetTimer(Timer::Kind::kTimeout, flow, now + std::chrono::milliseconds(**timeout));
  }
  if (*heartbeat) {
    flow.heartbeat_millis = **heartbeat;
    flow.heartbeat_due = now + std::chrono::milliseconds(**heartbeat);
    SetTimer(Timer::Kind::kHeartbeat, flow, flow.heartbeat_due);
  }
  effects_.calls.push_back({.flow = flow.number,
                            .ticket = flow.ticket,
                            .resource = state.resource,
                            .parameters = std::move(parameters)});
}

// ---- flows below a state ----

Flow& Interpreter::AddChild(Flow& parent, int block, std::int64_t index) {
  const int number = progress_.flows_made++;
  Flow& child = progress_.flows[number];
  child.number = number;
  child.parent = parent.number;
  child.block = block;
  child.index = index;
  child.last_event = parent.last_event;
  child.ahead_millis = parent.ahead_millis;
  ++parent.running;
  return child;
}

void Interpreter::RunParallel(Flow& flow, const State& state, const Value& input,
                              const Value& context) {
  Value given = input;
  if (state.parameters) {
    auto made = state.parameters->Evaluate({input, context});
    if (!made) return FailData(flow, made.error());
    given = *std::move(made);
  }
  if (IsTooDeep(given)) return FailData(flow, TooDeep());
  AddEvent(flow, "ParallelStateStarted", "", {});
  flow.phase = Flow::Phase::kChildren;
  flow.running = 0;
  flow.failed = 0;
  flow.results.assign(state.blocks.size(), std::nullopt);
  flow.next_index = static_cast<std::int64_t>(state.blocks.size());
  for (std::size_t i = 0; i < state.blocks.size(); ++i) {
    Flow& child = AddChild(flow, state.blocks[i], static_cast<std::int64_t>(i));
    Enter(child, machine_.blocks[static_cast<std::size_t>(child.block)].start_at, given);
  }
}

void Interpreter::RunMap(Flow& flow, const State& state, const Value& input, const Value& context) {
  const auto items = state.items_path->Get({input, context}, "ItemsPath");
  if (!items) return FailData(flow, items.error());
  if (!items->as_list()) {
    return FailData(flow, StatesError(kRuntime, "Reference path " + state.items_path->text() +
                                                    " in ItemsPath must point to an array."));
  }
  if (items->as_list()->size() > kMaxMapItems) {
    return FailData(flow, StatesError(kRuntime, "A Map state takes at most " +
                                                    std::to_string(kMaxMapItems) + " items."));
  }
  ValueMap details;
  details.Append("length", static_cast<std::int64_t>(items->as_list()->size()));
  AddEvent(flow, "MapStateStarted", "mapStateStartedEventDetails", std::move(details));
  flow.phase = Flow::Phase::kChildren;
  flow.running = 0;
  flow.failed = 0;
  flow.next_index = 0;
  flow.results.assign(items->as_list()->size(), std::nullopt);
  if (flow.results.empty()) return Join(flow, state);
  if (const auto started = StartIterations(flow, state); !started) {
    AbortChildren(flow);
    FailData(flow, started.error());
  }
}

// As many as there is room for. Errors: of the data.
Result<void> Interpreter::StartIterations(Flow& flow, const State& state) {
  const Value context = Context(flow, nullptr, 0);
  const auto input = Selected(state.input_path, {flow.input, context}, "InputPath");
  if (!input) return input.error();
  const Scope scope{*input, context};
  std::int64_t room = kMaxMapConcurrency;
  if (state.max_concurrency) {
    const auto given = Measure(*state.max_concurrency, scope, "MaxConcurrencyPath");
    if (!given) return given.error();
    if (*given >= 1) room = std::min(room, static_cast<std::int64_t>(*given));
  }
  const auto items = state.items_path->Get(scope, "ItemsPath");
  if (!items) return items.error();
  const auto count = static_cast<std::int64_t>(flow.results.size());
  while (flow.running < room && flow.next_index < count) {
    const std::int64_t index = flow.next_index++;
    const Value& item = (*items->as_list())[static_cast<std::size_t>(index)];
    Value given = item;
    if (state.item_selector) {
      const Value with_item = Context(flow, &item, index);
      auto made = state.item_selector->Evaluate({*input, with_item});
      if (!made) return made.error();
      given = *std::move(made);
    }
    if (IsTooDeep(given)) return TooDeep();
    Flow& child = AddChild(flow, state.blocks.front(), index);
    child.item = item;
    ValueMap details;
    details.Append("name", state.name);
    details.Append("index", index);
    AddEvent(child, "MapIterationStarted", "mapIterationStartedEventDetails", std::move(details));
    Enter(child, machine_.blocks[static_cast<std::size_t>(child.block)].start_at, std::move(given));
  }
  return {};
}

void Interpreter::ChildDone(Flow& child, Value output) {
  Flow& parent = progress_.flows.at(child.parent);
  const State& state = StateOf(parent);
  if (state.type == StateType::kMap) {
    ValueMap details;
    details.Append("name", state.name);
    details.Append("index", child.index);
    AddEvent(child, "MapIterationSucceeded", "mapIterationSucceededEventDetails",
             std::move(details));
  }
  parent.results[static_cast<std::size_t>(child.index)] = std::move(output);
  parent.last_event = child.last_event;
  parent.ahead_millis = std::max(parent.ahead_millis, child.ahead_millis);
  --parent.running;
  progress_.flows.erase(child.number);
  if (state.type == StateType::kMap) {
    if (const auto started = StartIterations(parent, state); !started) {
      AbortChildren(parent);
      return FailData(parent, started.error());
    }
  }
  if (parent.running == 0) Join(parent, state);
}

// All have ended: the list of what they gave, without those whose failure was tolerated.
void Interpreter::Join(Flow& flow, const State& state) {
  ValueList results;
  for (auto& result : flow.results) {
    if (result) results.push_back(*std::move(result));
  }
  flow.results.clear();
  AddEvent(flow, std::string(NameOf(state.type)) + "StateSucceeded", "", {});
  Finish(flow, std::move(results));
}

Result<bool> Interpreter::IsTolerated(const Flow& flow, const State& state) const {
  if (!state.tolerated_count && !state.tolerated_percentage) return false;
  const Value context = Context(flow, nullptr, 0);
  const auto input = Selected(state.input_path, {flow.input, context}, "InputPath");
  if (!input) return input.error();
  const Scope scope{*input, context};
  const auto failed = static_cast<double>(flow.failed);
  if (state.tolerated_count) {
    const auto count = Measure(*state.tolerated_count, scope, "ToleratedFailureCountPath");
    if (!count) return count.error();
    if (failed > *count) return false;
  }
  if (state.tolerated_percentage) {
    const auto percentage =
        Measure(*state.tolerated_percentage, scope, "ToleratedFailurePercentagePath");
    if (!percentage) return percentage.error();
    if (failed * 100 > *percentage * static_cast<double>(flow.results.size())) return false;
  }
  return true;
}

void Interpreter::ChildFailed(Flow& child, const Failure& failure) {
  Flow& parent = progress_.flows.at(child.parent);
  const State& state = StateOf(parent);
  if (state.type == StateType::kMap) {
    ValueMap details;
    details.Append("name", state.name);
    details.Append("index", child.index);
    AddEvent(child, "MapIterationFailed", "mapIterationFailedEventDetails", std::move(details));
  }
  parent.last_event = child.last_event;
  parent.ahead_millis = std::max(parent.ahead_millis, child.ahead_millis);
  --parent.running;
  ++parent.failed;
  AbortChildren(child);
  progress_.flows.erase(child.number);

  Failure passed_on = failure;
  const auto tolerated = IsTolerated(parent, state);
  if (!tolerated) {
    passed_on = FailureOf(tolerated.error());
  } else if (*tolerated) {
    if (const auto started = StartIterations(parent, state); !started) {
      AbortChildren(parent);
      return FailData(parent, started.error());
    }
    if (parent.running == 0) Join(parent, state);
    return;
  } else if (state.tolerated_count || state.tolerated_percentage) {
    passed_on = {std::string(kItemFailures),
                 "The specified tolerated failure threshold was exceeded"};
  }
  AbortChildren(parent);
  AddEvent(parent, std::string(NameOf(state.type)) + "StateFailed", "", {});
  FailState(parent, passed_on);
}

void Interpreter::AbortChildren(const Flow& flow) {
  std::vector<int> children;
  for (const auto& [number, one] : progress_.flows) {
    if (one.parent == flow.number && number != flow.number) children.push_back(number);
  }
  for (const int number : children) {
    Flow& child = progress_.flows.at(number);
    AbortChildren(child);
    const StateType type = StateOf(child).type;
    if (Retries(type) || type == StateType::kWait) {
      AddEvent(child, std::string(NameOf(type)) + "StateAborted", "", {});
    }
    if (child.item) {
      ValueMap details;
      details.Append("name", StateOf(flow).name);
      details.Append("index", child.index);
      AddEvent(child, "MapIterationAborted", "mapIterationAbortedEventDetails", std::move(details));
    }
    progress_.flows.erase(number);
  }
}

// ---- failures ----

// The data did not have what the state wants of it.
void Interpreter::FailData(Flow& flow, const Error& error) {
  Failure failure = FailureOf(error);
  failure.cause = "An error occurred while executing the state '" + flow.state +
                  "' (entered at the event id #" + std::to_string(flow.entered_event) + "). " +
                  failure.cause;
  FailState(flow, failure);
}

void Interpreter::FailState(Flow& flow, const Failure& failure) {
  const State& state = StateOf(flow);
  if (Retries(state.type) && (Retry(flow, state, failure) || Catch(flow, state, failure))) return;
  FailFlow(flow, failure);
}

bool Interpreter::Retry(Flow& flow, const State& state, const Failure& failure) {
  for (std::size_t i = 0; i < state.retriers.size(); ++i) {
    const Retrier& retrier = state.retriers[i];
    if (!TakesFailure(retrier.errors, failure, state.type)) continue;
    if (flow.retries[i] >= retrier.max_attempts) return false;
    ++flow.retries[i];
    ++flow.retry_count;
    std::int64_t millis = BackoffMillis(retrier, flow.retries[i]);
    if (retrier.full_jitter) {
      millis = static_cast<std::int64_t>(static_cast<double>(millis) * surroundings_.uniform());
    }
    flow.phase = Flow::Phase::kBackoff;
    flow.ticket = ++progress_.tickets;
    SetTimer(Timer::Kind::kWake, flow, surroundings_.now() + std::chrono::milliseconds(millis));
    return true;
  }
  return false;
}

bool Interpreter::Catch(Flow& flow, const State& state, const Failure& failure) {
  for (const Catcher& catcher : state.catchers) {
    if (!TakesFailure(catcher.errors, failure, state.type)) continue;
    Value output = flow.input;
    if (catcher.result_path) {
      ValueMap told;
      told.Append("Error", failure.error);
      told.Append("Cause", failure.cause);
      if (const auto written = catcher.result_path->Write(output, std::move(told)); !written) {
        FailFlow(flow, {std::string(kResultPathMatchFailure), written.error().message});
        return true;
      }
    }
    Exit(flow, std::move(output), catcher.next);
    return true;
  }
  return false;
}

void Interpreter::FailFlow(Flow& flow, const Failure& failure) {
  if (flow.parent >= 0) return ChildFailed(flow, failure);
  execution_.failure = failure;
  AddEnd("ExecutionFailed", "executionFailedEventDetails", FailureDetails(failure));
  End(Status::kFailed);
}

}  // namespace usher::states
