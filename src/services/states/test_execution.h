// One execution on a clock that stands still, with tasks that the test answers: for tests of the
// interpreter.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "json/json.h"
#include "services/states/interpreter.h"
#include "services/states/language/compile.h"

namespace usher::states {

class TestExecution {
 public:
  explicit TestExecution(const std::string& definition, const std::string& input = "{}",
                         double time_scale = 1) {
    const Compiled compiled =
        Compile(definition, [](std::string_view, const Value*) { return Result<void>(); });
    EXPECT_TRUE(compiled.machine) << Describe(compiled.diagnostics);
    machine_ = compiled.machine;
    execution.arn = "arn:aws:states:us-east-1:000000000000:execution:m:e";
    execution.name = "e";
    execution.machine_arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    execution.machine_name = "m";
    execution.role_arn = "arn:aws:iam::000000000000:role/r";
    execution.input = input;
    execution.started = clock.Now();
    surroundings_ = {.now = [this] { return clock.Now(); },
                     .uniform = [this] { return uniform; },
                     .time_scale = time_scale};
    Do([](Interpreter& interpreter) { interpreter.Start(); });
  }

  // One change and all transitions that follow without waiting, each through its stored form, so
  // that nothing depends on what is not stored.
  void Do(const std::function<void(Interpreter&)>& change) {
    Change(change);
    while (std::ranges::any_of(progress.flows, [](const auto& entry) {
      return entry.second.phase == Flow::Phase::kReady;
    })) {
      Change([](Interpreter& interpreter) { interpreter.Advance(); });
    }
  }

  // The task that has been waiting the longest.
  TaskCall Call() {
    EXPECT_FALSE(calls.empty()) << "no task waits";
    if (calls.empty()) return {};
    const TaskCall call = calls.front();
    calls.erase(calls.begin());
    return call;
  }
  void Succeed(const std::string& result) {
    const TaskCall call = Call();
    Do([&](Interpreter& interpreter) {
      interpreter.TaskSucceeded(call.flow, call.ticket, *json::Parse(result));
    });
  }
  void Fail(const std::string& error, const std::string& cause = "because") {
    const TaskCall call = Call();
    Do([&](Interpreter& interpreter) {
      interpreter.TaskFailed(call.flow, call.ticket, {error, cause});
    });
  }
  // Sets the clock to the next timer and fires it; gives the milliseconds that went by.
  std::int64_t FireNext() {
    EXPECT_FALSE(timers.empty()) << "no timer is set";
    if (timers.empty()) return 0;
    const auto next = std::ranges::min_element(timers, {}, &Timer::due);
    const Timer timer = *next;
    timers.erase(next);
    const Time before = clock.Now();
    if (timer.due > before) clock.Set(timer.due);
    Do([&](Interpreter& interpreter) { interpreter.Fire(timer); });
    return (clock.Now() - before).count();
  }

  [[nodiscard]] std::vector<std::string> Types() const {
    std::vector<std::string> types;
    for (const HistoryEvent& event : events) types.push_back(event.type);
    return types;
  }
  [[nodiscard]] std::string Status() const { return std::string(NameOf(execution.status)); }

  FixedClock clock{FromEpochMillis(1'600'000'000'000)};
  double uniform = 0.5;
  Execution execution;
  Progress progress;
  std::vector<HistoryEvent> events;
  std::vector<TaskCall> calls;
  std::vector<Timer> timers;

 private:
  void Change(const std::function<void(Interpreter&)>& change) {
    auto stored = DecodeExecution(execution.arn, Encode(execution));
    auto where = DecodeProgress(Encode(progress));
    ASSERT_TRUE(stored && where);
    execution = *std::move(stored);
    progress = *std::move(where);
    Interpreter interpreter(*machine_, execution, progress, surroundings_);
    change(interpreter);
    Effects effects = interpreter.TakeEffects();
    std::ranges::move(effects.events, std::back_inserter(events));
    std::ranges::move(effects.calls, std::back_inserter(calls));
    std::ranges::move(effects.timers, std::back_inserter(timers));
  }

  std::shared_ptr<const Machine> machine_;
  Surroundings surroundings_;
};

}  // namespace usher::states
