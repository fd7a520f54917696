#include "services/states/driver.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/log.h"
#include "base/text.h"
#include "base/value_members.h"
#include "json/json.h"
#include "services/states/errors.h"
#include "services/states/execution_log.h"
#include "services/states/execution_trace.h"
#include "services/states/language/compile.h"

namespace usher::states {
namespace {

constexpr std::string_view kRunLane = "states/run";
constexpr std::string_view kTaskLane = "states/tasks";
constexpr std::string_view kLogLane = "states/logs";
constexpr std::string_view kOldLane = "states/old";
// Commits that run side by side share one sync of the disk, so these are many for two processors.
constexpr int kRunsAtOnce = 32;
constexpr int kTasksAtOnce = 64;
constexpr int kTasksAtOncePerExecution = 40;
constexpr int kLogsAtOnce = 4;
// Transitions of one execution before others have their turn.
constexpr int kSlice = 200;
constexpr std::size_t kMaxPrepared = 256;
constexpr std::size_t kMaxPolls = 10'000;
constexpr std::chrono::milliseconds kStoreRetry{1000};
constexpr std::chrono::milliseconds kFirstPoll{200};
constexpr std::chrono::milliseconds kLongestPoll{2000};
constexpr std::chrono::minutes kExpressLimit{5};
constexpr std::chrono::seconds kSyncGrace{10};
constexpr std::chrono::seconds kActivityWait{60};
constexpr std::chrono::milliseconds kActivityLook{250};
constexpr int kLogAttempts = 8;

std::string RegionOf(std::string_view arn) {
  const auto parts = Split(arn, ':');
  return std::string(parts.size() > 3 ? parts[3] : wire::kDefaultRegion);
}

std::string TimerPayload(const Timer& timer) {
  ValueMap map;
  map.Append("timer", static_cast<int>(timer.kind));
  map.Append("flow", timer.flow);
  map.Append("ticket", timer.ticket);
  map.Append("due", EpochMillis(timer.due));
  return json::Write(map);
}

std::string CallPayload(const TaskCall& call) {
  ValueMap map;
  map.Append("flow", call.flow);
  map.Append("ticket", call.ticket);
  map.Append("resource", call.resource);
  map.Append("parameters", call.parameters);
  return json::Write(map);
}

std::uint64_t Seed() {
  std::uint64_t seed = 0;
  SecureRandom({reinterpret_cast<unsigned char*>(&seed), sizeof(seed)});
  return seed;
}

Error TaskTimedOut() {
  return Named("TaskTimedOut", ErrorCode::kInvalidInput,
               "Task Timed Out: the task has ended, or nothing waits for it any more", 400);
}

}  // namespace

Driver::Driver(storage::DocumentStore& documents, jobs::DeliveryQueue& deliveries,
               const wire::Dispatcher& dispatcher, const Clock& clock, double time_scale)
    : store_(documents),
      documents_(documents),
      deliveries_(deliveries),
      dispatcher_(dispatcher),
      clock_(clock),
      random_(Seed()) {
  surroundings_.now = [this] { return clock_.Now(); };
  surroundings_.uniform = [this] {
    const std::lock_guard lock(random_mutex_);
    return random_.Uniform();
  };
  surroundings_.time_scale = time_scale;
}

void Driver::AddLanes() {
  deliveries_.AddLane(
      {.name = std::string(kRunLane),
       .deliver = [this](const auto& it, const auto& stop) { return Run(it, stop); },
       .at_once = kRunsAtOnce,
       .at_once_per_key = 1});
  deliveries_.AddLane(
      {.name = std::string(kTaskLane),
       .deliver = [this](const auto& it, const auto& stop) { return RunTask(it, stop); },
       .at_once = kTasksAtOnce,
       .at_once_per_key = kTasksAtOncePerExecution});
  deliveries_.AddLane({.name = std::string(kLogLane),
                       .deliver = [this](const auto& it, const auto&) { return WriteLogs(it); },
                       .at_once = kLogsAtOnce,
                       .at_once_per_key = 1});
  deliveries_.AddLane(
      {.name = std::string(kOldLane),
       .deliver = [this](const auto& it, const auto& stop) { return RemoveOld(it, stop); },
       .at_once = 1});
}

void Driver::StopWaiting() {
  {
    const std::lock_guard lock(waiters_mutex_);
    stopping_ = true;
  }
  waiters_changed_.notify_all();
}

// ---- what is in memory ----

std::shared_ptr<Driver::Live> Driver::Find(const std::string& arn) {
  const std::lock_guard lock(live_mutex_);
  if (auto there = live_[arn].lock()) return there;
  std::erase_if(live_, [](const auto& entry) { return entry.second.expired(); });
  auto made = std::make_shared<Live>();
  live_[arn] = made;
  return made;
}

Result<void> Driver::Load(const std::string& arn, Live& live) {
  if (live.loaded) return {};
  auto execution = store_.FindExecution(arn);
  if (!execution) return execution.error();
  auto progress = store_.FindProgress(arn);
  if (!progress) return progress.error();
  if (*progress) {
    auto prepared = Prepare(execution->execution);
    if (!prepared) return prepared.error();
    live.prepared = *std::move(prepared);
  }
  live.execution = *std::move(execution);
  live.progress = *std::move(progress);
  live.loaded = true;
  return {};
}

Result<std::shared_ptr<const Prepared>> Driver::Prepare(const Execution& execution) {
  const std::string key = execution.machine_arn + "\n" + execution.revision;
  {
    const std::lock_guard lock(prepared_mutex_);
    const auto found = prepared_.find(key);
    if (found != prepared_.end()) return found->second;
  }
  const auto revision = store_.FindRevision(execution.machine_arn, execution.revision);
  if (!revision) return revision.error();
  // Checked when it was stored; what a newer Usher would refuse must still run to its end.
  const Compiled compiled =
      Compile(revision->definition, [](std::string_view, const Value*) { return Result<void>(); });
  if (!compiled.machine) {
    return Corrupt("the stored definition of '" + execution.machine_arn +
                   "' is not understood: " + Describe(compiled.diagnostics));
  }
  auto prepared = std::make_shared<Prepared>();
  prepared->machine = compiled.machine;
  prepared->tracing = revision->tracing;
  if (const Value* level = revision->logging.Find("level"); level && level->as_string()) {
    prepared->log_level = *level->as_string();
  }
  const Value* data = revision->logging.Find("includeExecutionData");
  prepared->log_data = data && data->as_bool() && *data->as_bool();
  prepared->log_group = LogGroupOf(revision->logging);
  const std::lock_guard lock(prepared_mutex_);
  if (prepared_.size() >= kMaxPrepared) prepared_.clear();
  prepared_[key] = prepared;
  return std::shared_ptr<const Prepared>(prepared);
}

// ---- changing an execution ----

void Driver::AddEffects(const Live& live, const Effects& effects, storage::Batch& batch) {
  const Execution& execution = live.execution.execution;
  if (!execution.express) Store::AddEvents(batch, execution.arn, effects.events);
  AddLogs(live, effects, batch);
  for (const Timer& timer : effects.timers) {
    deliveries_.Enqueue(
        batch, kRunLane,
        {.key = execution.arn, .payload = TimerPayload(timer), .not_before = timer.due});
  }
  for (const TaskCall& call : effects.calls) {
    const auto resource = ParseResource(call.resource);
    if (resource && resource->kind == Resource::Kind::kActivity) {
      Store::AddActivityTask(batch, call.resource,
                             TaskToken(execution, live.progress->progress, call.flow, call.ticket),
                             json::Write(call.parameters));
    } else {
      deliveries_.Enqueue(batch, kTaskLane, {.key = execution.arn, .payload = CallPayload(call)});
    }
  }
}

void Driver::AddLogs(const Live& live, const Effects& effects, storage::Batch& batch) {
  const Prepared& prepared = *live.prepared;
  if (prepared.log_group.empty()) return;
  const std::string records =
      LogRecords(live.execution.execution, effects.events, prepared.log_level, prepared.log_data);
  if (records.empty()) return;
  ValueMap payload;
  payload.Append("region", RegionOf(live.execution.execution.arn));
  payload.Append("stream", LogStreamOf(live.execution.execution));
  payload.Append("time", EpochMillis(clock_.Now()));
  payload.Append("records", records);
  deliveries_.Enqueue(batch, kLogLane,
                      {.key = prepared.log_group, .payload = json::Write(payload)});
}

Result<void> Driver::Commit(Live& live, const Change& change, bool go_on, storage::Batch with) {
  Execution& execution = live.execution.execution;
  Progress& progress = live.progress->progress;
  Interpreter interpreter(*live.prepared->machine, execution, progress, surroundings_);
  change(interpreter);
  const Effects effects = interpreter.TakeEffects();
  storage::Batch batch = std::move(with);
  const bool ended = progress.flows.empty();
  if (ended) {
    Store::AddEnd(batch, live.execution, live.progress->version);
    if (!execution.express) {
      deliveries_.Enqueue(
          batch, kOldLane,
          {.key = "", .payload = execution.arn, .not_before = clock_.Now() + kKeptFor});
    }
  } else {
    Store::AddProgress(batch, execution.arn, *live.progress);
  }
  AddEffects(live, effects, batch);
  if (go_on && !ended && interpreter.CanAdvance()) {
    deliveries_.Enqueue(batch, kRunLane, {.key = execution.arn, .payload = "{}"});
  }
  if (const auto done = documents_.Commit(batch); !done) {
    live.loaded = false;  // what is in memory is ahead of what is stored
    return done;
  }
  if (go_on || ended || !effects.timers.empty() || !effects.calls.empty() ||
      !live.prepared->log_group.empty()) {
    deliveries_.Wake();
  }
  ++live.progress->version;
  TraceEvents(dispatcher_.recorder(), execution, effects.events);
  if (ended) {
    ++live.execution.version;
    live.progress.reset();
    TellWaiters(execution);
  }
  return {};
}

Result<bool> Driver::ChangeIf(const std::string& arn, const std::function<bool(const Live&)>& may,
                              const Change& change, storage::Batch with) {
  const auto live = Find(arn);
  const std::lock_guard lock(live->mutex);
  if (const auto loaded = Load(arn, *live); !loaded) {
    if (loaded.error().code == ErrorCode::kNotFound) return false;
    return loaded.error();
  }
  if (!live->progress || !may(*live)) return false;
  if (const auto done = Commit(*live, change, true, std::move(with)); !done) return done.error();
  return true;
}

// ---- for the operations ----

Result<void> Driver::Start(const Execution& given) {
  Live live;
  live.execution.execution = given;
  Execution& execution = live.execution.execution;
  live.progress.emplace();
  live.progress->progress.secret = SecureHex(16);
  auto prepared = Prepare(given);
  if (!prepared) return prepared.error();
  live.prepared = *std::move(prepared);
  if (live.prepared->tracing) BeginTrace(dispatcher_.recorder(), execution);

  Interpreter interpreter(*live.prepared->machine, execution, live.progress->progress,
                          surroundings_);
  interpreter.Start();
  Effects effects = interpreter.TakeEffects();
  if (given.express) {
    effects.timers.push_back({.kind = Timer::Kind::kTimeout,
                              .flow = -1,
                              .ticket = 0,
                              .due = given.started + kExpressLimit});
  }
  storage::Batch batch;
  Store::AddCreate(batch, execution, live.progress->progress);
  AddEffects(live, effects, batch);
  deliveries_.Enqueue(batch, kRunLane, {.key = given.arn, .payload = "{}"});
  if (const auto done = documents_.Commit(batch); !done) return done;
  deliveries_.Wake();
  return {};
}

Result<Execution> Driver::StartAndWait(const Execution& execution) {
  const auto waiter = std::make_shared<Waiter>();
  {
    const std::lock_guard lock(waiters_mutex_);
    waiters_[execution.arn] = waiter;
  }
  const auto forget = [&] {
    const std::lock_guard lock(waiters_mutex_);
    waiters_.erase(execution.arn);
  };
  if (const auto started = Start(execution); !started) {
    forget();
    return started.error();
  }
  {
    std::unique_lock lock(waiters_mutex_);
    waiters_changed_.wait_for(lock, kExpressLimit + kSyncGrace,
                              [&] { return waiter->ended || stopping_; });
  }
  forget();
  if (!waiter->ended) {
    return Cancelled("the execution goes on: nobody waits for it any more");
  }
  return *waiter->ended;
}

void Driver::TellWaiters(const Execution& execution) {
  {
    const std::lock_guard lock(waiters_mutex_);
    const auto found = waiters_.find(execution.arn);
    if (found == waiters_.end()) return;
    found->second->ended = execution;
  }
  waiters_changed_.notify_all();
}

Result<Time> Driver::Stop(std::string_view arn, const Failure& failure) {
  const std::string name(arn);
  const auto stopped = ChangeIf(
      name, [](const Live&) { return true; },
      [&](Interpreter& interpreter) { interpreter.Abort(failure); });
  if (!stopped) return stopped.error();
  const auto execution = store_.FindExecution(arn);
  if (!execution) return execution.error();
  return execution->execution.stopped;
}

Result<void> Driver::ChangeByToken(std::string_view token, const Change& change,
                                   const TokenParts& parts) {
  const auto changed = ChangeIf(
      parts.execution_arn,
      [&](const Live& live) {
        const Progress& progress = live.progress->progress;
        const auto flow = progress.flows.find(parts.flow);
        return TaskToken(live.execution.execution, progress, parts.flow, parts.ticket) == token &&
               flow != progress.flows.end() && flow->second.ticket == parts.ticket &&
               flow->second.phase == Flow::Phase::kTask;
      },
      change);
  if (!changed) return changed.error();
  return *changed ? Result<void>() : TaskTimedOut();
}

Result<void> Driver::SucceedTask(std::string_view token, const Value& output) {
  const auto parts = ReadTaskToken(token);
  if (!parts) return parts.error();
  return ChangeByToken(
      token,
      [&](Interpreter& interpreter) {
        interpreter.TaskSucceeded(parts->flow, parts->ticket, output);
      },
      *parts);
}

Result<void> Driver::FailTask(std::string_view token, const Failure& failure) {
  const auto parts = ReadTaskToken(token);
  if (!parts) return parts.error();
  return ChangeByToken(
      token,
      [&](Interpreter& interpreter) {
        interpreter.TaskFailed(parts->flow, parts->ticket, failure);
      },
      *parts);
}

Result<void> Driver::Heartbeat(std::string_view token) {
  const auto parts = ReadTaskToken(token);
  if (!parts) return parts.error();
  return ChangeByToken(
      token, [&](Interpreter& interpreter) { interpreter.Heartbeat(parts->flow, parts->ticket); },
      *parts);
}

Result<std::optional<Store::ActivityTask>> Driver::TakeActivityTask(std::string_view activity_arn,
                                                                    std::string_view worker) {
  const auto give_up = std::chrono::steady_clock::now() + kActivityWait;
  while (true) {
    auto task = store_.NextActivityTask(activity_arn);
    if (!task) return task.error();
    if (!*task) {
      std::unique_lock lock(waiters_mutex_);
      if (stopping_ || std::chrono::steady_clock::now() >= give_up) return task;
      waiters_changed_.wait_for(lock, kActivityLook);
      continue;
    }
    storage::Batch taken;
    Store::AddTakeActivityTask(taken, **task);
    const auto parts = ReadTaskToken((*task)->token);
    if (!parts) return parts.error();
    const auto started = ChangeIf(
        parts->execution_arn,
        [&](const Live& live) {
          const auto flow = live.progress->progress.flows.find(parts->flow);
          return flow != live.progress->progress.flows.end() &&
                 flow->second.ticket == parts->ticket && flow->second.phase == Flow::Phase::kTask;
        },
        [&](Interpreter& interpreter) {
          interpreter.TaskStarted(parts->flow, parts->ticket, worker);
        },
        taken);
    if (started && *started) return task;
    const ErrorCode code = started ? ErrorCode::kNotFound : started.error().code;
    if (code == ErrorCode::kInUse) continue;  // another worker was quicker
    if (code != ErrorCode::kNotFound) return started.error();
    // Nothing waits for it any more.
    if (const auto dropped = documents_.Commit(taken);
        !dropped && dropped.error().code != ErrorCode::kNotFound &&
        dropped.error().code != ErrorCode::kInUse) {
      return dropped.error();
    }
  }
}

// ---- the lanes ----

jobs::Outcome Driver::Run(const jobs::Delivery& delivery, const jobs::StopToken& stop) {
  const auto again = [&](const Error& error) {
    Log(LogLevel::kError, "an execution cannot go on, tried again",
        {{"execution", delivery.key}, {"reason", error.message}});
    return jobs::Outcome::Later(clock_.Now() + kStoreRetry);
  };
  const auto payload = json::Parse(delivery.payload);
  const auto live = Find(delivery.key);
  const std::lock_guard lock(live->mutex);
  if (const auto loaded = Load(delivery.key, *live); !loaded) {
    if (loaded.error().code == ErrorCode::kNotFound) return jobs::Outcome::Done();
    return again(loaded.error());
  }
  if (live->progress && payload && payload->Find("timer")) {
    const Timer timer{.kind = static_cast<Timer::Kind>(IntegerOf(*payload, "timer")),
                      .flow = static_cast<int>(IntegerOf(*payload, "flow")),
                      .ticket = IntegerOf(*payload, "ticket"),
                      .due = FromEpochMillis(IntegerOf(*payload, "due"))};
    const auto& flows = live->progress->progress.flows;
    const auto flow = flows.find(timer.flow);
    // Most timers of tasks are for nothing: the task has ended in time.
    if (timer.flow < 0 || (flow != flows.end() && flow->second.ticket == timer.ticket)) {
      const auto fired =
          Commit(*live, [&](Interpreter& interpreter) { interpreter.Fire(timer); }, false);
      if (!fired) return again(fired.error());
    }
  }
  for (int i = 0; live->progress; ++i) {
    const auto& flows = live->progress->progress.flows;
    const bool ready = std::ranges::any_of(
        flows, [](const auto& entry) { return entry.second.phase == Flow::Phase::kReady; });
    if (!ready) break;
    if (stop) return jobs::Outcome::Interrupted();
    if (i == kSlice) return jobs::Outcome::Later(clock_.Now()).WithPayload("{}");
    const auto moved =
        Commit(*live, [](Interpreter& interpreter) { interpreter.Advance(); }, false);
    if (!moved) return again(moved.error());
  }
  return jobs::Outcome::Done();
}

jobs::Outcome Driver::RunTask(const jobs::Delivery& delivery, const jobs::StopToken& stop) {
  const auto payload = json::Parse(delivery.payload);
  const auto resource =
      payload ? ParseResource(TextOf(*payload, "resource")) : Result<Resource>(payload.error());
  if (!resource) {
    Log(LogLevel::kError, "a task cannot be read, dropped",
        {{"execution", delivery.key}, {"reason", resource.error().message}});
    return jobs::Outcome::Done();
  }
  const auto flow = static_cast<int>(IntegerOf(*payload, "flow"));
  const std::int64_t ticket = IntegerOf(*payload, "ticket");
  const std::string handle = TextOf(*payload, "handle");
  const auto awaits = [&](const Live& live) {
    const auto found = live.progress->progress.flows.find(flow);
    return found != live.progress->progress.flows.end() && found->second.ticket == ticket &&
           found->second.phase == Flow::Phase::kTask;
  };
  const auto again = [&](const Error& error) {
    Log(LogLevel::kError, "the end of a task cannot be recorded, tried again",
        {{"execution", delivery.key}, {"reason", error.message}});
    return jobs::Outcome::Later(clock_.Now() + kStoreRetry);
  };
  wire::CallContext context;
  context.region = RegionOf(delivery.key);
  context.now = clock_.Now();
  if (handle.empty()) context.request_id = delivery.id;
  Execution execution;
  std::int64_t entered_event = 0;
  {
    const auto live = Find(delivery.key);
    const std::lock_guard lock(live->mutex);
    const auto loaded = Load(delivery.key, *live);
    if (!loaded && loaded.error().code != ErrorCode::kNotFound) return again(loaded.error());
    if (!loaded || !live->progress || !awaits(*live)) return jobs::Outcome::Done();
    execution = live->execution.execution;
    entered_event = live->progress->progress.flows.at(flow).entered_event;
  }
  if (stop) return jobs::Outcome::Interrupted();

  const Value* parameters = payload->Find("parameters");
  TaskTrace trace(handle.empty() ? dispatcher_.recorder() : nullptr, execution, entered_event,
                  context);
  TaskOutcome outcome =
      handle.empty() ? CallTask(dispatcher_, *resource, parameters ? *parameters : Value(), context)
                     : PollTask(dispatcher_, *resource, handle, context);
  trace.End(outcome);
  // A call that was cut off because the server stops has not failed: it is made again.
  if ((stop || stopping_) && outcome.kind == TaskOutcome::Kind::kFailed) {
    return jobs::Outcome::Interrupted();
  }
  if (outcome.kind == TaskOutcome::Kind::kRunning) {
    const auto pause = std::min(kLongestPoll, kFirstPoll * (1 + delivery.attempt / 5));
    return jobs::Outcome::Again(clock_.Now() + pause);
  }
  const bool by_token = resource->pattern == Resource::Pattern::kToken;
  const bool submitted = outcome.kind == TaskOutcome::Kind::kSubmitted ||
                         (by_token && outcome.kind == TaskOutcome::Kind::kSucceeded);
  const auto recorded = ChangeIf(delivery.key, awaits, [&](Interpreter& interpreter) {
    if (submitted) {
      interpreter.TaskSubmitted(flow, ticket, outcome.value);
    } else if (outcome.kind == TaskOutcome::Kind::kFailed) {
      interpreter.TaskFailed(flow, ticket, outcome.failure);
    } else {
      interpreter.TaskSucceeded(flow, ticket, outcome.value);
    }
  });
  if (!recorded) return again(recorded.error());
  if (outcome.kind == TaskOutcome::Kind::kSucceeded) TellOfPolling(delivery.key, outcome.value);
  if (outcome.kind != TaskOutcome::Kind::kSubmitted || !*recorded) return jobs::Outcome::Done();
  ValueMap next = *payload->as_map();
  next.Set("handle", outcome.handle);
  next.Set("parameters", ValueMap());
  return jobs::Outcome::Later(clock_.Now() + kFirstPoll).WithPayload(json::Write(next));
}

// A machine that waits in a loop for something that has failed would wait for ever without a word.
void Driver::TellOfPolling(const std::string& execution_arn, const Value& result) {
  const auto failed = FindFailedStatus(result);
  if (!failed) return;
  std::int64_t count = 0;
  {
    const std::lock_guard lock(polls_mutex_);
    if (polls_.size() >= kMaxPolls) polls_.clear();
    count = ++polls_[execution_arn + "\n" + failed->name];
  }
  if (!std::has_single_bit(static_cast<std::uint64_t>(count))) return;
  Log(LogLevel::kWarning, "an execution polls what has failed",
      {{"execution", execution_arn},
       {"polled", failed->name},
       {"status", failed->status},
       {"times", std::to_string(count)},
       {"reason", failed->reason}});
}

jobs::Outcome Driver::RemoveOld(const jobs::Delivery& delivery, const jobs::StopToken& stop) {
  while (!stop) {
    const auto more = store_.RemoveSome(delivery.payload);
    if (!more) {
      Log(LogLevel::kError, "an old execution is not removed, tried again",
          {{"execution", delivery.payload}, {"reason", more.error().message}});
      return jobs::Outcome::Later(clock_.Now() + kStoreRetry);
    }
    if (!*more) return jobs::Outcome::Done();
  }
  return jobs::Outcome::Interrupted();
}

jobs::Outcome Driver::WriteLogs(const jobs::Delivery& delivery) {
  const auto payload = json::Parse(delivery.payload);
  if (!payload) return jobs::Outcome::Done();
  const auto written = PutLogRecords(dispatcher_, TextOf(*payload, "region"), delivery.key,
                                     TextOf(*payload, "stream"), IntegerOf(*payload, "time"),
                                     TextOf(*payload, "records"));
  if (written) return jobs::Outcome::Done();
  const bool hopeless = written.error().code == ErrorCode::kNotFound ||
                        written.error().code == ErrorCode::kUnsupported ||
                        written.error().code == ErrorCode::kInvalidInput;
  if (!hopeless && delivery.attempt < kLogAttempts) {
    return jobs::Outcome::Again(clock_.Now() + kStoreRetry * delivery.attempt);
  }
  Log(LogLevel::kError, "the events of an execution are not logged",
      {{"group", delivery.key}, {"reason", written.error().message}});
  return jobs::Outcome::Done();
}

}  // namespace usher::states
