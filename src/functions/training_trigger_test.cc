#include "functions/training_trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <vector>

#include "functions/test_context.h"
#include "wire/stepfunctions.h"

namespace usher::functions {
namespace {

namespace states = usher::api::stepfunctions;

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kMachine =
    "arn:aws:states:us-east-1:000000000000:stateMachine:movies-training";

class TrainingTriggerTest : public testing::Test {
 protected:
  TrainingTriggerTest() {
    context_.environment = {{"STATE_MACHINE_ARN", kMachine}};
    context_.dispatcher.Handle<states::StartExecution>(
        [this](const states::StartExecutionInput& request,
               wire::CallContext& /*call*/) -> Result<states::StartExecutionOutput> {
          if (refusal_) return *refusal_;
          if (request.name && !names_.insert(*request.name).second) {
            return Named("ExecutionAlreadyExists", ErrorCode::kAlreadyExists,
                         "Execution Already Exists", 400);
          }
          started_.push_back(request);
          return states::StartExecutionOutput{.execution_arn = "execution"};
        });
  }

  Result<std::string> Land(const std::string& key, const std::string& sequencer) {
    return context_.Invoke(
        TrainingTrigger, R"({"Records":[{"s3":{"bucket":{"name":"data"},"object":{"key":")" + key +
                             R"(","sequencer":")" + sequencer + R"("}}}]})");
  }

  TestContext context_;
  std::optional<Error> refusal_;
  std::set<std::string> names_;
  std::vector<states::StartExecutionInput> started_;
};

TEST_F(TrainingTriggerTest, RatingsStartAnExecution) {
  const auto answer = Land("raw+data/ratings.csv", "0A1");

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, R"({"executionArn":"execution"})");
  ASSERT_THAT(started_, SizeIs(1));
  EXPECT_EQ(started_[0].state_machine_arn, kMachine);
  EXPECT_EQ(started_[0].name, "ratings-0A1");
  EXPECT_EQ(started_[0].input, R"({"Bucket":"data","Key":"raw data/ratings.csv"})");
}

TEST_F(TrainingTriggerTest, AnEventThatComesTwiceStartsOneExecution) {
  ASSERT_TRUE(Land("ratings.csv", "1"));
  const auto again = Land("ratings.csv", "1");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, "null");
  ASSERT_TRUE(Land("ratings.csv", "2"));
  EXPECT_THAT(started_, SizeIs(2));
}

TEST_F(TrainingTriggerTest, OtherFilesStartNothing) {
  for (const char* key : {"raw/movies.csv", "raw/my-ratings.csv", "raw/ratings.csv/", "x"}) {
    const auto answer = Land(key, "1");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, "null");
  }
  EXPECT_THAT(started_, IsEmpty());
  EXPECT_THAT(context_.lines.front(), HasSubstr("s3://data/raw/movies.csv"));
}

TEST_F(TrainingTriggerTest, SaysWhatIsMissing) {
  context_.environment.clear();
  const auto answer = Land("ratings.csv", "1");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("STATE_MACHINE_ARN"));
}

TEST_F(TrainingTriggerTest, PassesARefusalOn) {
  refusal_ =
      Named("StateMachineDoesNotExist", ErrorCode::kNotFound, "State Machine Does Not Exist", 400);
  const auto answer = Land("ratings.csv", "1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().wire_name, "StateMachineDoesNotExist");
}

}  // namespace
}  // namespace usher::functions
