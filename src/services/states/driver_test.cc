// The driver on a real store and queue, with a clock that the test sets and one operation behind
// the dispatcher.
#include "services/states/driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/temp_folder.h"
#include "json/json.h"

namespace usher::states {
namespace {

constexpr std::string_view kMachine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
constexpr std::string_view kCall = "arn:aws:states:::aws-sdk:sts:getCallerIdentity";

// A server's life: everything that is made at its start.
struct Life {
  Life(const std::string& folder, const Clock& clock, wire::Dispatcher& dispatcher)
      : store(*storage::OpenSqliteStore(folder)),
        queue(jobs::DeliveryQueue::Create(*store, clock)),
        driver(*store, *queue, dispatcher, clock, 1) {
    driver.AddLanes();
  }
  ~Life() { queue->Stop(); }

  // Waits for something that threads bring about.
  void Until(const std::function<bool()>& holds) const {
    while (!holds()) std::this_thread::yield();
  }
  Execution Ended(const std::string& arn) {
    Until([&] { return driver.store().FindExecution(arn)->execution.status != Status::kRunning; });
    return driver.store().FindExecution(arn)->execution;
  }

  std::unique_ptr<storage::DocumentStore> store;
  std::unique_ptr<jobs::DeliveryQueue> queue;
  Driver driver;
};

class DriverTest : public testing::Test {
 protected:
  DriverTest() {
    dispatcher_.Add(*wire::FindOperation(*wire::FindService("sts"), "GetCallerIdentity"),
                    [this](const Value&, wire::CallContext&) -> Result<Value> {
                      ++calls_;
                      while (blocked_) std::this_thread::yield();
                      ValueMap answer;
                      answer.Append("Account", "1");
                      return Value(std::move(answer));
                    });
  }

  static std::string OneState(const std::string& state) {
    return R"({"StartAt":"A","States":{"A":)" + state + "}}";
  }
  static std::string Task() {
    return OneState(R"({"Type":"Task","Resource":")" + std::string(kCall) +
                    R"(","Parameters":{},"End":true})");
  }

  // Stores the machine and starts an execution of it.
  std::string Start(Life& life, const std::string& definition, const std::string& name) {
    const MachineRecord machine{.arn = std::string(kMachine) + name,
                                .name = "m" + name,
                                .revision = "r",
                                .created = clock_.Now(),
                                .tags = {}};
    EXPECT_TRUE(life.driver.store().AddMachine(machine, {.definition = definition,
                                                         .role_arn = "arn:role",
                                                         .logging = ValueMap(),
                                                         .made = clock_.Now()}));
    Execution execution;
    execution.arn = "arn:aws:states:us-east-1:000000000000:execution:m" + name + ":e";
    execution.name = "e";
    execution.machine_arn = machine.arn;
    execution.machine_name = machine.name;
    execution.revision = "r";
    execution.input = "{}";
    execution.started = clock_.Now();
    EXPECT_TRUE(life.driver.Start(execution));
    return execution.arn;
  }

  static std::vector<std::string> Types(Life& life, const std::string& arn) {
    std::vector<std::string> types;
    const auto page = life.driver.store().ListEvents(arn, false, {}, 1000);
    for (const Value& event : page->items) {
      types.push_back(*event.Find("type")->as_string());
    }
    return types;
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'600'000'000'000)};
  wire::Dispatcher dispatcher_;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> blocked_ = false;
};

TEST_F(DriverTest, RunsToTheEndAndRecordsEachTransitionOnce) {
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  const std::string arn = Start(life, Task(), "1");
  EXPECT_EQ(life.Ended(arn).output, R"({"Account":"1"})");
  EXPECT_EQ(calls_, 1);
  EXPECT_THAT(
      Types(life, arn),
      testing::ElementsAre("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                           "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"));
  EXPECT_FALSE(*life.driver.store().FindProgress(arn));
}

TEST_F(DriverTest, GoesOnWhereAnotherLifeHasEnded) {
  std::string arn;
  {
    // Started, and the server ends before anything has run.
    Life life(folder_.path(), clock_, dispatcher_);
    arn = Start(life, Task(), "1");
  }
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  EXPECT_EQ(life.Ended(arn).status, Status::kSucceeded);
}

TEST_F(DriverTest, WaitsForTheClockAndNotLonger) {
  const std::string wait = OneState(R"({"Type":"Wait","Seconds":30,"End":true})");
  std::string arn;
  {
    Life life(folder_.path(), clock_, dispatcher_);
    ASSERT_TRUE(life.queue->Start());
    arn = Start(life, wait, "1");
    life.Until([&] {
      return life.queue->Waiting("states/run") == 1 &&
             life.driver.store().FindProgress(arn).value()->progress.tickets == 1;
    });
  }
  clock_.Advance(std::chrono::milliseconds(29'999));
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  EXPECT_EQ(life.driver.store().FindExecution(arn)->execution.status, Status::kRunning);
  clock_.Advance(std::chrono::milliseconds(1));
  life.queue->Wake();
  EXPECT_EQ((life.Ended(arn).stopped - life.Ended(arn).started).count(), 30'000);
}

TEST_F(DriverTest, MakesACallAgainThatAStopCutsOff) {
  dispatcher_.Add(*wire::FindOperation(*wire::FindService("s3"), "ListBuckets"),
                  [this](const Value&, wire::CallContext&) -> Result<Value> {
                    if (++calls_ > 1) return Value(ValueMap());
                    while (blocked_) std::this_thread::yield();
                    return Internal("the function was ended with the server");
                  });
  blocked_ = true;
  std::string arn;
  {
    Life life(folder_.path(), clock_, dispatcher_);
    ASSERT_TRUE(life.queue->Start());
    arn = Start(life,
                OneState(R"({"Type":"Task","Resource":"arn:aws:states:::aws-sdk:s3:listBuckets",)"
                         R"("Parameters":{},"End":true})"),
                "1");
    life.Until([&] { return calls_ == 1; });
    life.driver.StopWaiting();
    blocked_ = false;
  }
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  EXPECT_EQ(life.Ended(arn).status, Status::kSucceeded);
  EXPECT_EQ(calls_, 2);
}

TEST_F(DriverTest, StopsWhatRunsAndIgnoresWhatComesAfter) {
  blocked_ = true;
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  const std::string arn = Start(life, Task(), "1");
  life.Until([&] { return calls_ == 1; });
  ASSERT_TRUE(life.driver.Stop(arn, {"Mine", "enough"}));
  blocked_ = false;
  life.Until([&] { return life.queue->Waiting("states/tasks") == 0; });
  EXPECT_EQ(life.Ended(arn).failure, (Failure{"Mine", "enough"}));
  EXPECT_EQ(Types(life, arn).back(), "ExecutionAborted");
}

TEST_F(DriverTest, RemovesWhatEndedLongAgo) {
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  const std::string arn = Start(life, OneState(R"({"Type":"Succeed"})"), "1");
  life.Ended(arn);
  clock_.Advance(kKeptFor);
  life.queue->Wake();
  life.Until([&] { return !life.driver.store().FindExecution(arn); });
  EXPECT_TRUE(Types(life, arn).empty());
  const auto listed = life.driver.store().ListExecutions(std::string(kMachine) + "1", {}, {}, 10);
  EXPECT_TRUE(listed->items.empty());
}

TEST_F(DriverTest, TokensOfOthersAreRefused) {
  Life life(folder_.path(), clock_, dispatcher_);
  ASSERT_TRUE(life.queue->Start());
  blocked_ = true;
  const std::string arn = Start(life, Task(), "1");
  life.Until([&] { return calls_ == 1; });
  const auto execution = life.driver.store().FindExecution(arn)->execution;
  Progress guessed;
  guessed.secret = "guess";
  const auto sent = life.driver.SucceedTask(TaskToken(execution, guessed, 0, 1), Value(1));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().wire_name, "TaskTimedOut");
  EXPECT_EQ(life.driver.SucceedTask("AAAA", Value(1)).error().wire_name, "InvalidToken");
  blocked_ = false;
  EXPECT_EQ(life.Ended(arn).output, R"({"Account":"1"})");
}

}  // namespace
}  // namespace usher::states
