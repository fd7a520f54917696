// Interpreter: moves an execution on, one transition at a time, without input or output of its own.
//
//   Interpreter interpreter(machine, execution, progress, surroundings);
//   interpreter.Start();
//   while (interpreter.CanAdvance()) interpreter.Advance();
//   Effects effects = interpreter.TakeEffects();
//
// Each call changes `execution` and `progress` and leaves in Effects what follows for the world
// around: events of the history, tasks to be called, timers to be set. The caller commits all of it
// together or none (driver.h). A transition leaves one state and enters the next.
//
// Results and timers name a flow and a ticket; those that the flow no longer waits for are ignored,
// so that each may come twice.
//
// Source: Amazon States Language, version 1.0; Step Functions API reference, HistoryEvent.
// Cost:   Advance is linear in the number of flows and the size of the data of one.
// Threads: none of its own; one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/states/execution.h"
#include "services/states/language/machine.h"
#include "services/states/language/resource.h"

namespace usher::states {

inline constexpr std::int64_t kMaxMapConcurrency = 40;
inline constexpr std::size_t kMaxMapItems = 10'000;

struct HistoryEvent {
  std::int64_t id = 0;
  std::int64_t previous = 0;  // 0: none
  Time time;
  std::string type;            // "TaskSucceeded"
  std::string details_member;  // "taskSucceededEventDetails"; empty when the type has no details
  ValueMap details;

  // Of events with which the visit of a state ends; not stored.
  std::string state;
  Time entered;
  std::int64_t entered_event = 0;  // id; 0: no visit ends
};

struct TaskCall {
  int flow = 0;
  std::int64_t ticket = 0;
  std::string resource;
  Value parameters;
};

struct Timer {
  enum class Kind { kWake, kTimeout, kHeartbeat };
  Kind kind = Kind::kWake;
  int flow = 0;  // -1: the execution as a whole
  std::int64_t ticket = 0;
  Time due;
};

struct Effects {
  std::vector<HistoryEvent> events;
  std::vector<TaskCall> calls;
  std::vector<Timer> timers;
};

struct Surroundings {
  std::function<Time()> now;
  std::function<double()> uniform;  // in [0, 1), for jitter
  double time_scale = 1;            // Wait states run so many times faster
};

class Interpreter {
 public:
  // All must outlive it.
  Interpreter(const Machine& machine, Execution& execution, Progress& progress,
              const Surroundings& surroundings);

  // Enters the first state.
  void Start();
  [[nodiscard]] bool CanAdvance() const;
  // Runs the state of the flow that has been ready the longest. Needs CanAdvance.
  void Advance();

  void Fire(const Timer& timer);
  // True when the flow waits for this ticket's result.
  [[nodiscard]] bool Awaits(int flow, std::int64_t ticket) const;
  void TaskSucceeded(int flow, std::int64_t ticket, Value result);
  void TaskFailed(int flow, std::int64_t ticket, const Failure& failure);
  // The task was handed over; `answer` is what the call gave, the result is still to come.
  void TaskSubmitted(int flow, std::int64_t ticket, const Value& answer);
  void TaskStarted(int flow, std::int64_t ticket, std::string_view worker);
  void Heartbeat(int flow, std::int64_t ticket);
  void Abort(const Failure& failure);

  [[nodiscard]] Effects TakeEffects() { return std::exchange(effects_, {}); }

 private:
  [[nodiscard]] const State& StateOf(const Flow& flow) const;
  [[nodiscard]] Time TimeOf(const Flow& flow) const;
  std::int64_t AddEvent(Flow& flow, std::string type, std::string details_member, ValueMap details);
  void AddEnd(std::string type, std::string details_member, ValueMap details);
  void EndVisit(const Flow& flow);
  void AddTaskEvent(Flow& flow, std::string_view what, ValueMap details);
  [[nodiscard]] Value Context(const Flow& flow, const Value* item, std::int64_t item_index) const;
  Flow* Find(int number);
  Flow* FindWaiting(int flow, std::int64_t ticket);
  void SetTimer(Timer::Kind kind, Flow& flow, Time due);

  void Enter(Flow& flow, const std::string& name, Value input);
  void Exit(Flow& flow, Value output, const std::string& next);
  void Finish(Flow& flow, Value result);
  void Done(Flow& flow, Value output);
  void Run(Flow& flow);
  void RunPass(Flow& flow, const State& state, const Value& input, const Value& context);
  void RunTask(Flow& flow, const State& state, const Value& input);
  void RunChoice(Flow& flow, const State& state, const Value& input, const Value& context);
  void RunWait(Flow& flow, const State& state, const Value& input, const Value& context);
  void RunFail(Flow& flow, const State& state, const Value& context);
  void RunParallel(Flow& flow, const State& state, const Value& input, const Value& context);
  void RunMap(Flow& flow, const State& state, const Value& input, const Value& context);
  void PassOn(Flow& flow);
  Flow& AddChild(Flow& parent, int block, std::int64_t index);
  Result<void> StartIterations(Flow& flow, const State& state);
  void ChildDone(Flow& child, Value output);
  void ChildFailed(Flow& child, const Failure& failure);
  void Join(Flow& flow, const State& state);
  void AbortChildren(const Flow& flow);
  Result<double> Measure(const Quantity& quantity, const Scope& scope,
                         std::string_view field) const;
  Result<bool> IsTolerated(const Flow& flow, const State& state) const;

  void FailData(Flow& flow, const Error& error);
  void FailState(Flow& flow, const Failure& failure);
  bool Retry(Flow& flow, const State& state, const Failure& failure);
  bool Catch(Flow& flow, const State& state, const Failure& failure);
  void FailFlow(Flow& flow, const Failure& failure);
  void End(Status status);
  bool HistoryIsFull();

  const Machine& machine_;
  Execution& execution_;
  Progress& progress_;
  const Surroundings& surroundings_;
  Value execution_input_;
  Effects effects_;
};

}  // namespace usher::states
