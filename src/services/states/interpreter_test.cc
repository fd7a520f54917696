#include "services/states/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/states/test_execution.h"

namespace usher::states {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Task(const std::string& more, const std::string& next = R"("End":true)") {
  return R"({"Type":"Task","Resource":"arn:aws:states:::aws-sdk:personalize:createSolution",)" +
         more + (more.empty() ? "" : ",") + next + "}";
}

std::string OneState(const std::string& state) {
  return R"({"StartAt":"A","States":{"A":)" + state + "}}";
}

std::string Output(const std::string& state, const std::string& input) {
  const TestExecution run(OneState(state), input);
  return run.execution.status == Status::kSucceeded ? run.execution.output
                                                    : run.execution.failure.error;
}

// ---- the flow of data ----

// The examples of the language's sections on Pass, Parameters and ResultPath.
TEST(Pass, GivesItsResultOrItsInput) {
  EXPECT_EQ(Output(R"({"Type":"Pass","End":true})", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(Output(R"({"Type":"Pass","Result":{"x":0.5},"ResultPath":"$.coords","End":true})",
                   R"({"geo":"Home"})"),
            R"({"geo":"Home","coords":{"x":0.5}})");
  EXPECT_EQ(Output(R"({"Type":"Pass","Result":7,"ResultPath":null,"End":true})", R"({"a":1})"),
            R"({"a":1})");
  EXPECT_EQ(
      Output(
          R"({"Type":"Pass","Parameters":{"f":1,"from.$":"$.a","at.$":"$$.State.Name"},"End":true})",
          R"({"a":[2]})"),
      R"({"f":1,"from":[2],"at":"A"})");
}

TEST(Pass, AppliesPathsInTheirOrder) {
  // ResultPath combines the raw input with the result, whatever InputPath selected.
  EXPECT_EQ(
      Output(
          R"({"Type":"Pass","InputPath":"$.a","ResultPath":"$.r","OutputPath":"$.r","End":true})",
          R"({"a":{"b":1}})"),
      R"({"b":1})");
  EXPECT_EQ(Output(R"({"Type":"Pass","InputPath":null,"End":true})", R"({"a":1})"), "{}");
  EXPECT_EQ(Output(R"({"Type":"Pass","OutputPath":null,"End":true})", R"({"a":1})"), "{}");
  EXPECT_EQ(Output(R"({"Type":"Pass","InputPath":"$$.Execution.Name","End":true})", "{}"),
            R"("e")");
}

TEST(Pass, FailsWhereAPathFindsNothing) {
  EXPECT_EQ(Output(R"({"Type":"Pass","InputPath":"$.b","End":true})", "{}"), "States.Runtime");
  EXPECT_EQ(Output(R"({"Type":"Pass","OutputPath":"$.b","End":true})", "{}"), "States.Runtime");
  EXPECT_EQ(Output(R"({"Type":"Pass","Parameters":{"a.$":"$.b"},"End":true})", "{}"),
            "States.ParameterPathFailure");
  EXPECT_EQ(Output(R"({"Type":"Pass","ResultPath":"$.a.b","End":true})", R"({"a":1})"),
            "States.ResultPathMatchFailure");
}

TEST(Pass, TellsWhichStateHasFailed) {
  const TestExecution run(OneState(R"({"Type":"Pass","InputPath":"$.b","End":true})"));
  EXPECT_EQ(run.execution.failure.cause,
            "An error occurred while executing the state 'A' (entered at the event id #2). The "
            "JSONPath '$.b' specified for the field 'InputPath' could not be found in the input "
            "'{}'");
}

TEST(Execution, GivesNoMoreThanItsLimit) {
  const std::string half = R"({"a":")" + std::string(kMaxDataBytes / 2, 'x') + R"("})";
  EXPECT_EQ(Output(R"({"Type":"Pass","Parameters":{"a.$":"$","b.$":"$"},"End":true})", half),
            "States.DataLimitExceeded");
}

// Deeper data could not be read back from where it is stored.
TEST(Execution, NestsItsDataNoDeeperThanItsLimit) {
  const TestExecution wraps(
      R"({"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$"},"Next":"A"}}})");
  EXPECT_EQ(wraps.Status(), "FAILED");
  EXPECT_EQ(wraps.execution.failure.error, "States.Runtime");
  EXPECT_THAT(wraps.execution.failure.cause, HasSubstr("more than 100 objects and arrays"));
  // Started, a state entered; then 99 turns that leave and enter, from depth 1 to 100; the end.
  EXPECT_EQ(wraps.events.size(), 2U + 99U * 2U + 1U);

  std::string deep = "1";
  for (int i = 0; i < 101; ++i) deep = "[" + deep + "]";
  TestExecution task(OneState(Task("")));
  task.Succeed(deep);
  EXPECT_EQ(task.execution.failure.error, "States.Runtime");
}

TEST(ContextObject, HasWhatTheLanguageNames) {
  TestExecution run(OneState(R"({"Type":"Pass","Parameters":{"c.$":"$$"},"End":true})"),
                    R"({"i":1})");
  EXPECT_EQ(run.execution.output,
            R"({"c":{"Execution":{"Id":"arn:aws:states:us-east-1:000000000000:execution:m:e",)"
            R"("Input":{"i":1},"Name":"e","RoleArn":"arn:aws:iam::000000000000:role/r",)"
            R"("StartTime":"2020-09-13T12:26:40.000Z"},)"
            R"("State":{"EnteredTime":"2020-09-13T12:26:40.000Z","Name":"A","RetryCount":0},)"
            R"("StateMachine":{"Id":"arn:aws:states:us-east-1:000000000000:stateMachine:m",)"
            R"("Name":"m"}}})");
}

// ---- history ----

TEST(History, NumbersEventsAndLinksThem) {
  TestExecution run(R"({"StartAt":"A B","States":{"A B":{"Type":"Pass","Next":"C"},)"
                    R"("C":{"Type":"Succeed"}}})",
                    R"({"x":1})");
  EXPECT_THAT(run.Types(),
              ElementsAre("ExecutionStarted", "PassStateEntered", "PassStateExited",
                          "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"));
  for (std::size_t i = 0; i < run.events.size(); ++i) {
    EXPECT_EQ(run.events[i].id, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(run.events[i].previous, static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(run.events[1].details_member, "stateEnteredEventDetails");
  EXPECT_EQ(json::Write(run.events[1].details),
            R"({"name":"A B","input":"{\"x\":1}","inputDetails":{"truncated":false}})");
  EXPECT_EQ(json::Write(run.events[2].details),
            R"({"name":"A B","output":"{\"x\":1}","outputDetails":{"truncated":false}})");
  EXPECT_EQ(run.events[5].details_member, "executionSucceededEventDetails");
}

TEST(History, EndsAtItsLimit) {
  const TestExecution run(
      R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}})");
  EXPECT_EQ(run.Status(), "FAILED");
  EXPECT_EQ(run.execution.failure.error, "States.Runtime");
  EXPECT_EQ(run.execution.failure.cause,
            "The execution reached the maximum number of history events (25000).");
  EXPECT_LE(run.events.size(), static_cast<std::size_t>(kMaxHistoryEvents));
  EXPECT_GE(run.events.size(), static_cast<std::size_t>(kMaxHistoryEvents) - 1);
}

// ---- tasks ----

TEST(Task, IsCalledWithItsParametersAndTellsItsResult) {
  TestExecution run(
      OneState(Task(R"("Parameters":{"Name.$":"$.n"},"ResultSelector":{"Arn.$":"$.SolutionArn"},)"
                    R"("ResultPath":"$.Results")")),
      R"({"n":"x","Results":{"old":1}})");
  ASSERT_EQ(run.calls.size(), 1U);
  EXPECT_EQ(json::Write(run.calls[0].parameters), R"({"Name":"x"})");
  run.Succeed(R"({"SolutionArn":"arn:s","More":1})");
  EXPECT_EQ(run.execution.output, R"({"n":"x","Results":{"Arn":"arn:s"}})");
  EXPECT_THAT(run.Types(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"));
  EXPECT_EQ(json::Write(run.events[2].details),
            R"({"resourceType":"aws-sdk:personalize","resource":"createSolution",)"
            R"("region":"us-east-1","parameters":"{\"Name\":\"x\"}"})");
  EXPECT_EQ(json::Write(run.events[3].details),
            R"({"resourceType":"aws-sdk:personalize","resource":"createSolution"})");
  EXPECT_EQ(json::Write(run.events[4].details),
            R"({"resourceType":"aws-sdk:personalize","resource":"createSolution",)"
            R"("output":"{\"SolutionArn\":\"arn:s\",\"More\":1}",)"
            R"("outputDetails":{"truncated":false}})");
}

TEST(Task, OfAFunctionHasEventsOfItsOwn) {
  TestExecution run(OneState(
      R"({"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true})"));
  run.Succeed("[1]");
  EXPECT_THAT(run.Types(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled",
                          "LambdaFunctionStarted", "LambdaFunctionSucceeded", "TaskStateExited",
                          "ExecutionSucceeded"));
  EXPECT_EQ(json::Write(run.events[2].details),
            R"({"resource":"arn:aws:lambda:us-east-1:000000000000:function:f","input":"{}",)"
            R"("inputDetails":{"truncated":false}})");
  EXPECT_EQ(run.events[3].details_member, "");
}

TEST(Task, FailsTheExecutionWhenNobodyCatches) {
  TestExecution run(OneState(Task("")));
  run.Fail("Personalize.ResourceAlreadyExistsException", "taken");
  EXPECT_EQ(run.Status(), "FAILED");
  EXPECT_EQ(run.execution.failure,
            (Failure{"Personalize.ResourceAlreadyExistsException", "taken"}));
  EXPECT_THAT(run.Types(), ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled",
                                       "TaskStarted", "TaskFailed", "ExecutionFailed"));
}

TEST(Task, IgnoresResultsThatComeTwiceOrTooLate) {
  TestExecution run(R"({"StartAt":"A","States":{"A":)" + Task("", R"("Next":"B")") + R"(,"B":)" +
                    Task("") + "}}");
  const TaskCall first = run.calls.front();
  run.Succeed("1");
  const auto events = run.events.size();
  run.Do([&](Interpreter& interpreter) {
    EXPECT_FALSE(interpreter.Awaits(first.flow, first.ticket));
    interpreter.TaskSucceeded(first.flow, first.ticket, 2);
    interpreter.TaskFailed(first.flow, first.ticket, {"E", ""});
  });
  EXPECT_EQ(run.events.size(), events);
  run.Succeed("3");
  EXPECT_EQ(run.execution.output, "3");
}

TEST(Task, TimesOut) {
  TestExecution run(OneState(Task(R"("TimeoutSeconds":7)")));
  EXPECT_EQ(run.FireNext(), 7000);
  EXPECT_EQ(run.execution.failure.error, "States.Timeout");
  EXPECT_THAT(run.Types(), testing::Contains("TaskTimedOut"));
}

TEST(Task, TakesItsTimeoutFromTheData) {
  TestExecution run(OneState(Task(R"("TimeoutSecondsPath":"$.t")")), R"({"t":9})");
  EXPECT_EQ(run.FireNext(), 9000);
  EXPECT_EQ(run.execution.failure.error, "States.Timeout");
}

TEST(Task, LivesAsLongAsItsHeartbeats) {
  TestExecution run(
      OneState(R"({"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",)"
               R"("HeartbeatSeconds":10,"Parameters":{"T.$":"$$.Task.Token"},"End":true})"));
  const TaskCall call = run.Call();
  const auto token = ReadTaskToken(*call.parameters.Find("T")->as_string());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->execution_arn, run.execution.arn);
  EXPECT_EQ(token->flow, call.flow);
  EXPECT_EQ(token->ticket, call.ticket);
  run.Do([&](Interpreter& interpreter) {
    interpreter.TaskSubmitted(call.flow, call.ticket, ValueMap());
  });
  run.clock.Advance(std::chrono::seconds(6));
  run.Do([&](Interpreter& interpreter) { interpreter.Heartbeat(call.flow, call.ticket); });
  EXPECT_EQ(run.FireNext(), 4000);
  EXPECT_EQ(run.Status(), "RUNNING");
  EXPECT_EQ(run.FireNext(), 6000);  // ten seconds after the heartbeat
  EXPECT_EQ(run.execution.failure.error, "States.HeartbeatTimeout");
  EXPECT_THAT(run.Types(), testing::Contains("TaskSubmitted"));
}

// ---- Retry and Catch ----

// The example of the language's section on Retry: 3, 4.5 and 6.75 seconds are named by its rule
// interval * rate ^ n.
TEST(Retry, WaitsLongerEachTimeAndThenGivesUp) {
  TestExecution run(OneState(Task(
      R"("Retry":[{"ErrorEquals":["E"],"IntervalSeconds":3,"BackoffRate":1.5,"MaxAttempts":2}])")));
  run.Fail("E");
  EXPECT_EQ(run.FireNext(), 3000);
  run.Fail("E");
  EXPECT_EQ(run.FireNext(), 4500);
  EXPECT_EQ(run.Status(), "RUNNING");
  run.Fail("E");
  EXPECT_EQ(run.Status(), "FAILED");
  EXPECT_EQ(run.execution.failure.error, "E");
}

TEST(Retry, HasTheDefaultsOfTheLanguage) {
  TestExecution run(OneState(Task(R"("Retry":[{"ErrorEquals":["States.ALL"]}])")));
  for (const std::int64_t wait : {1000, 2000, 4000}) {
    run.Fail("E");
    EXPECT_EQ(run.FireNext(), wait);
  }
  run.Fail("E");
  EXPECT_EQ(run.Status(), "FAILED");
}

TEST(Retry, KeepsToTheLongestDelay) {
  TestExecution run(OneState(
      Task(R"("Retry":[{"ErrorEquals":["E"],"IntervalSeconds":10,"MaxDelaySeconds":15}])")));
  run.Fail("E");
  EXPECT_EQ(run.FireNext(), 10'000);
  run.Fail("E");
  EXPECT_EQ(run.FireNext(), 15'000);
}

TEST(Retry, JittersBetweenNothingAndTheDelay) {
  TestExecution run(OneState(
      Task(R"("Retry":[{"ErrorEquals":["E"],"IntervalSeconds":10,"JitterStrategy":"FULL"}])")));
  run.uniform = 0.25;
  run.Fail("E");
  EXPECT_EQ(run.FireNext(), 2500);
}

TEST(Retry, CountsEachRetrierByItself) {
  TestExecution run(OneState(Task(
      R"("Parameters":{"n.$":"$$.State.RetryCount"},"Retry":[{"ErrorEquals":["A"],"MaxAttempts":1},)"
      R"({"ErrorEquals":["B"],"IntervalSeconds":5,"MaxAttempts":1}])")));
  run.Fail("A");
  EXPECT_EQ(run.FireNext(), 1000);
  run.Fail("B");
  EXPECT_EQ(run.FireNext(), 5000);
  EXPECT_EQ(json::Write(run.calls.front().parameters), R"({"n":2})");
  run.Fail("A");
  EXPECT_EQ(run.Status(), "FAILED");
}

TEST(Catch, GoesOnWithTheErrorInTheData) {
  const std::string definition =
      R"({"StartAt":"A","States":{"A":)" +
      Task(R"("Catch":[{"ErrorEquals":["Other"],"Next":"B"},)"
           R"({"ErrorEquals":["States.TaskFailed"],"ResultPath":"$.e","Next":"B"}])") +
      R"(,"B":{"Type":"Pass","End":true}}})";
  TestExecution run(definition, R"({"a":1})");
  run.Fail("E", "why");
  EXPECT_EQ(run.execution.output, R"({"a":1,"e":{"Error":"E","Cause":"why"}})");
  EXPECT_THAT(run.Types(),
              ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                          "TaskFailed", "TaskStateExited", "PassStateEntered", "PassStateExited",
                          "ExecutionSucceeded"));
}

TEST(Catch, ComesAfterTheRetries) {
  TestExecution run(R"({"StartAt":"A","States":{"A":)" +
                    Task(R"("Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],)"
                         R"("Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}])") +
                    R"(,"B":{"Type":"Succeed"}}})");
  run.Fail("E");
  run.FireNext();
  EXPECT_EQ(run.Status(), "RUNNING");
  run.Fail("E");
  EXPECT_EQ(run.Status(), "SUCCEEDED");
}

// The table of the developer guide's page on errors.
TEST(ErrorNames, AreTakenAsTheGuideSays) {
  EXPECT_TRUE(Takes({"States.ALL"}, "Mine"));
  EXPECT_TRUE(Takes({"States.ALL"}, "States.Timeout"));
  EXPECT_FALSE(Takes({"States.ALL"}, "States.Runtime"));
  EXPECT_FALSE(Takes({"States.ALL"}, "States.DataLimitExceeded"));
  EXPECT_TRUE(Takes({"States.TaskFailed"}, "Lambda.Unknown"));
  EXPECT_FALSE(Takes({"States.TaskFailed"}, "States.Timeout"));
  EXPECT_TRUE(Takes({"States.Timeout"}, "States.HeartbeatTimeout"));
  EXPECT_FALSE(Takes({"A", "B"}, "C"));
  EXPECT_TRUE(Takes({"A", "B"}, "B"));
}

// ---- Choice, Wait, Succeed, Fail ----

TEST(Choice, TakesTheFirstRuleThatMatches) {
  const std::string definition =
      R"({"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[)"
      R"({"Not":{"Variable":"$.s","StringEquals":"NONE"},"Next":"Old"},)"
      R"({"Variable":"$.n","NumericGreaterThan":5,"Next":"Big"}],"Default":"New"},)"
      R"("Old":{"Type":"Pass","Result":"old","End":true},)"
      R"("Big":{"Type":"Pass","Result":"big","End":true},)"
      R"("New":{"Type":"Pass","Result":"new","End":true}}})";
  EXPECT_EQ(TestExecution(definition, R"({"s":"arn","n":9})").execution.output, R"("old")");
  EXPECT_EQ(TestExecution(definition, R"({"s":"NONE","n":9})").execution.output, R"("big")");
  EXPECT_EQ(TestExecution(definition, R"({"s":"NONE","n":1})").execution.output, R"("new")");
}

TEST(Choice, FailsWhenNothingMatches) {
  const std::string definition =
      R"({"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[)"
      R"({"Variable":"$.n","NumericEquals":5,"Next":"D"}]},"D":{"Type":"Succeed"}}})";
  EXPECT_EQ(TestExecution(definition, R"({"n":1})").execution.failure.error,
            "States.NoChoiceMatched");
  EXPECT_EQ(TestExecution(definition, "{}").execution.failure.error, "States.Runtime");
}

std::int64_t WaitedFor(const std::string& members, const std::string& input = "{}") {
  TestExecution run(OneState(R"({"Type":"Wait",)" + members + R"(,"End":true})"), input);
  const std::int64_t waited = run.FireNext();
  EXPECT_EQ(run.Status(), "SUCCEEDED");
  EXPECT_EQ(run.execution.output, input);
  return waited;
}

TEST(Wait, WaitsAsLongAsItSays) {
  EXPECT_EQ(WaitedFor(R"("Seconds":30)"), 30'000);
  EXPECT_EQ(WaitedFor(R"("Seconds":0)"), 0);
  EXPECT_EQ(WaitedFor(R"("SecondsPath":"$.s")", R"({"s":45})"), 45'000);
  // The clock stands at 2020-09-13T12:26:40Z.
  EXPECT_EQ(WaitedFor(R"("Timestamp":"2020-09-13T12:27:00Z")"), 20'000);
  EXPECT_EQ(WaitedFor(R"("Timestamp":"2000-01-01T00:00:00Z")"), 0);
  EXPECT_EQ(WaitedFor(R"("TimestampPath":"$.t")", R"({"t":"2020-09-13T12:26:41.500Z"})"), 1500);
}

TEST(Wait, RefusesDataThatIsNoTime) {
  EXPECT_EQ(Output(R"({"Type":"Wait","SecondsPath":"$.s","End":true})", R"({"s":"1"})"),
            "States.Runtime");
  EXPECT_EQ(Output(R"({"Type":"Wait","SecondsPath":"$.s","End":true})", R"({"s":-1})"),
            "States.Runtime");
  EXPECT_EQ(Output(R"({"Type":"Wait","TimestampPath":"$.s","End":true})", R"({"s":"now"})"),
            "States.Runtime");
}

TEST(Wait, RunsFasterThanItsHistorySays) {
  TestExecution run(R"({"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":30,"Next":"B"},)"
                    R"("B":{"Type":"Wait","Seconds":45,"Next":"C"},"C":{"Type":"Succeed"}}})",
                    "{}", 1000);
  EXPECT_EQ(run.FireNext(), 30);
  EXPECT_EQ(run.FireNext(), 45);
  EXPECT_EQ(run.Status(), "SUCCEEDED");
  const auto at = [&](const std::string& type, std::size_t nth) {
    for (const HistoryEvent& event : run.events) {
      if (event.type == type && nth-- == 0) return event.time;
    }
    return Time();
  };
  EXPECT_EQ((at("WaitStateExited", 0) - at("WaitStateEntered", 0)).count(), 30'000);
  EXPECT_EQ((at("WaitStateExited", 1) - at("WaitStateEntered", 1)).count(), 45'000);
  EXPECT_EQ((run.execution.stopped - run.execution.started).count(), 75'000);
}

TEST(Fail, NamesItsErrorAndCause) {
  const TestExecution fixed(OneState(R"({"Type":"Fail","Error":"E","Cause":"C"})"));
  EXPECT_EQ(fixed.execution.failure, (Failure{"E", "C"}));
  EXPECT_THAT(fixed.Types(),
              ElementsAre("ExecutionStarted", "FailStateEntered", "ExecutionFailed"));
  const TestExecution computed(
      OneState(
          R"-({"Type":"Fail","ErrorPath":"$.e","CausePath":"States.Format('it is {}', $.n)"})-"),
      R"({"e":"X","n":7})");
  EXPECT_EQ(computed.execution.failure, (Failure{"X", "it is 7"}));
  EXPECT_EQ(Output(R"({"Type":"Fail","ErrorPath":"$.e"})", R"({"e":1})"), "States.Runtime");
}

// ---- Parallel and Map ----

const std::string kTwoBranches =
    R"({"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[)"
    R"({"StartAt":"A","States":{"A":)" +
    Task("") +
    R"(}},)"
    R"({"StartAt":"B","States":{"B":{"Type":"Pass","Result":2,"End":true}}}],)";

TEST(Parallel, GivesWhatItsBranchesGiveInTheirOrder) {
  TestExecution run(kTwoBranches + R"("ResultPath":"$.r","End":true}}})", R"({"a":1})");
  EXPECT_EQ(run.Status(), "RUNNING");
  EXPECT_EQ(json::Write(run.calls.front().parameters), R"({"a":1})");
  run.Succeed("1");
  EXPECT_EQ(run.execution.output, R"({"a":1,"r":[1,2]})");
  EXPECT_THAT(run.Types(),
              ElementsAre("ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted",
                          "TaskStateEntered", "PassStateEntered", "TaskScheduled", "TaskStarted",
                          "PassStateExited", "TaskSucceeded", "TaskStateExited",
                          "ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"));
}

TEST(Parallel, FailsWithItsFirstBranchAndStopsTheOthers) {
  const std::string definition =
      R"({"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[)"
      R"({"StartAt":"A","States":{"A":)" +
      Task("") +
      R"(}},)"
      R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,"End":true}}}],)"
      R"("Catch":[{"ErrorEquals":["E"],"ResultPath":"$.e","Next":"Q"}],"End":true},)"
      R"("Q":{"Type":"Succeed"}}})";
  TestExecution run(definition);
  run.Fail("E", "c");
  EXPECT_EQ(run.execution.output, R"({"e":{"Error":"E","Cause":"c"}})");
  EXPECT_THAT(run.Types(), testing::IsSupersetOf(
                               {"WaitStateAborted", "ParallelStateFailed", "ParallelStateExited"}));
  const auto events = run.events.size();
  run.FireNext();  // of the wait that is no more
  EXPECT_EQ(run.events.size(), events);
}

TEST(Parallel, IsRetriedAsAWhole) {
  TestExecution run(kTwoBranches +
                    R"("Retry":[{"ErrorEquals":["States.BranchFailed"],"IntervalSeconds":2}],)"
                    R"("End":true}}})");
  run.Fail("E");
  EXPECT_EQ(run.FireNext(), 2000);
  run.Succeed("5");
  EXPECT_EQ(run.execution.output, "[5,2]");
}

TEST(Map, RunsItsBlockForEachItem) {
  TestExecution run(
      OneState(R"({"Type":"Map","ItemsPath":"$.items","ItemSelector":{"v.$":"$$.Map.Item.Value",)"
               R"("i.$":"$$.Map.Item.Index","all.$":"$.k"},"ItemProcessor":{)"
               R"("ProcessorConfig":{"Mode":"INLINE"},"StartAt":"B","States":{"B":{"Type":"Pass",)"
               R"("Parameters":{"got.$":"$","inside.$":"$$.Map.Item.Value"},"End":true}}},)"
               R"("End":true})"),
      R"({"items":["a","b"],"k":7})");
  EXPECT_EQ(run.execution.output, R"([{"got":{"v":"a","i":0,"all":7},"inside":"a"},)"
                                  R"({"got":{"v":"b","i":1,"all":7},"inside":"b"}])");
  EXPECT_THAT(run.Types(), testing::IsSupersetOf({"MapStateEntered", "MapStateStarted",
                                                  "MapIterationStarted", "MapIterationSucceeded",
                                                  "MapStateSucceeded", "MapStateExited"}));
}

TEST(Map, GivesNothingForNoItems) {
  EXPECT_EQ(Output(R"({"Type":"Map","Iterator":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}},)"
                   R"("End":true})",
                   "[]"),
            "[]");
  EXPECT_EQ(Output(R"({"Type":"Map","Iterator":{"StartAt":"B","States":{"B":{"Type":"Succeed"}}},)"
                   R"("End":true})",
                   "{}"),
            "States.Runtime");
}

std::string TaskMap(const std::string& more) {
  return OneState(R"({"Type":"Map",)" + more + R"("ItemProcessor":{"StartAt":"T","States":{"T":)" +
                  Task("") + R"(}},"End":true})");
}

TEST(Map, RunsNoMoreAtOnceThanItMay) {
  TestExecution run(TaskMap(R"("MaxConcurrency":2,)"), "[1,2,3]");
  EXPECT_EQ(run.calls.size(), 2U);
  run.Succeed("10");
  EXPECT_EQ(run.calls.size(), 2U);
  run.Succeed("20");
  run.Succeed("30");
  EXPECT_EQ(run.execution.output, "[10,20,30]");
}

TEST(Map, KeepsTheOrderOfItsItems) {
  TestExecution run(TaskMap(""), "[1,2]");
  std::ranges::reverse(run.calls);
  run.Succeed("20");
  run.Succeed("10");
  EXPECT_EQ(run.execution.output, "[10,20]");
}

TEST(Map, HasNoMoreIterationsAtOnceThanTheLimit) {
  std::string items = "[0";
  for (int i = 1; i < 100; ++i) items += "," + std::to_string(i);
  const TestExecution run(TaskMap(""), items + "]");
  EXPECT_EQ(run.calls.size(), static_cast<std::size_t>(kMaxMapConcurrency));
}

TEST(Map, FailsWithAnItem) {
  TestExecution run(TaskMap(""), "[1,2]");
  run.Fail("E");
  EXPECT_EQ(run.execution.failure.error, "E");
  EXPECT_THAT(run.Types(), testing::IsSupersetOf({"MapIterationFailed", "TaskStateAborted",
                                                  "MapIterationAborted", "MapStateFailed"}));
}

TEST(Map, ToleratesFailuresUpToItsThreshold) {
  TestExecution run(TaskMap(R"("ToleratedFailureCount":1,)"), "[1,2,3]");
  run.Fail("E");
  run.Succeed("2");
  EXPECT_EQ(run.Status(), "RUNNING");
  run.Fail("E");
  EXPECT_EQ(run.execution.failure.error, "States.ExceedToleratedFailureThreshold");
  TestExecution half(TaskMap(R"("ToleratedFailurePercentage":50,)"), "[1,2]");
  half.Fail("E");
  half.Succeed("2");
  EXPECT_EQ(half.execution.output, "[2]");
}

// ---- the end from outside ----

TEST(Execution, IsAborted) {
  TestExecution run(OneState(R"({"Type":"Wait","Seconds":9,"End":true})"));
  run.Do([](Interpreter& interpreter) { interpreter.Abort({"Mine", "enough"}); });
  EXPECT_EQ(run.Status(), "ABORTED");
  EXPECT_EQ(run.execution.failure, (Failure{"Mine", "enough"}));
  EXPECT_EQ(run.events.back().type, "ExecutionAborted");
  run.FireNext();
  EXPECT_EQ(run.events.back().type, "ExecutionAborted");
}

TEST(Execution, TimesOut) {
  TestExecution run(R"({"TimeoutSeconds":5,"StartAt":"A","States":{"A":)"
                    R"({"Type":"Wait","Seconds":9,"End":true}}})");
  EXPECT_EQ(run.FireNext(), 5000);
  EXPECT_EQ(run.Status(), "TIMED_OUT");
  EXPECT_EQ(run.events.back().type, "ExecutionTimedOut");
}

}  // namespace
}  // namespace usher::states
