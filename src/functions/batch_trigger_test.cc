#include "functions/batch_trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "functions/test_context.h"
#include "wire/iam.h"
#include "wire/personalize.h"

namespace usher::functions {
namespace {

namespace personalize = usher::api::personalize;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kVersion = "arn:aws:personalize:us-east-1:000000000000:solution/movies/a1b2";
constexpr const char* kRole = "arn:aws:iam::000000000000:role/PersonalizeRole";

class BatchTriggerTest : public testing::Test {
 protected:
  BatchTriggerTest() {
    context_.environment = {{"SOLUTION_ARN", kVersion},
                            {"BATCH_RESULTS_KEY", "movie-lens/batch/results"}};
    context_.dispatcher.Handle<api::iam::GetRole>(
        [this](const api::iam::GetRoleRequest& request,
               wire::CallContext& /*call*/) -> Result<api::iam::GetRoleResponse> {
          if (!has_role_) {
            return Named("NoSuchEntity", ErrorCode::kNotFound,
                         "The role with name PersonalizeRole cannot be found.");
          }
          api::iam::GetRoleResponse response;
          response.role.path = "/";
          response.role.role_name = request.role_name;
          response.role.role_id = "AROA12345678901234567";
          response.role.arn = "arn:aws:iam::000000000000:role/" + request.role_name;
          return response;
        });
    context_.dispatcher.Handle<personalize::CreateBatchInferenceJob>(
        [this](
            const personalize::CreateBatchInferenceJobRequest& request,
            wire::CallContext& /*call*/) -> Result<personalize::CreateBatchInferenceJobResponse> {
          inference_.push_back(request);
          return personalize::CreateBatchInferenceJobResponse{.batch_inference_job_arn =
                                                                  "inference"};
        });
    context_.dispatcher.Handle<personalize::CreateBatchSegmentJob>(
        [this](const personalize::CreateBatchSegmentJobRequest& request,
               wire::CallContext& /*call*/) -> Result<personalize::CreateBatchSegmentJobResponse> {
          if (refusal_) return *refusal_;
          segment_.push_back(request);
          return personalize::CreateBatchSegmentJobResponse{.batch_segment_job_arn = "segment"};
        });
  }

  TestContext context_;
  bool has_role_ = true;
  std::optional<Error> refusal_;
  std::vector<personalize::CreateBatchInferenceJobRequest> inference_;
  std::vector<personalize::CreateBatchSegmentJobRequest> segment_;
};

TEST_F(BatchTriggerTest, TheRoleIsTheOneThatIsNamed) {
  context_.environment["ROLE_NAME"] = "my-batches";

  const auto answer = context_.Invoke(BatchTrigger, "bucket", "in/users.json");

  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(inference_.size(), 1U);
  EXPECT_EQ(inference_.front().role_arn, "arn:aws:iam::000000000000:role/my-batches");
}

TEST_F(BatchTriggerTest, UsersStartBatchInference) {
  context_.environment["JOB_NAME"] = "Movies";
  context_.environment["NUM_RESULTS"] = "10";
  context_.environment["CONFIG"] =
      R"({"itemExplorationConfig":{"explorationWeight":"0.3","explorationItemAgeCutOff":"30"}})";

  const auto answer = context_.Invoke(BatchTrigger, "bucket", "movie-lens/batch/input/users.json");

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, R"({"batchInferenceJobArn":"inference"})");
  ASSERT_EQ(inference_.size(), 1U);
  const auto& request = inference_.front();
  EXPECT_EQ(request.job_name, "Movies_1658365323");
  EXPECT_EQ(request.solution_version_arn, kVersion);
  EXPECT_EQ(request.num_results, 10);
  EXPECT_EQ(request.job_input.s3_data_source.path, "s3://bucket/movie-lens/batch/input/users.json");
  EXPECT_EQ(request.job_output.s3_data_destination.path,
            "s3://bucket/movie-lens/batch/results/inference/");
  EXPECT_EQ(request.role_arn, kRole);
  using Config = std::map<std::string, std::string>;
  EXPECT_EQ(request.batch_inference_job_config->item_exploration_config,
            (Config{{"explorationWeight", "0.3"}, {"explorationItemAgeCutOff", "30"}}));
}

TEST_F(BatchTriggerTest, ItemsStartBatchSegments) {
  context_.environment["NUM_USERS"] = "25";

  const auto answer = context_.Invoke(BatchTrigger, "bucket", "movie-lens/batch/input/items.json");

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, R"({"batchSegmentJobArn":"segment"})");
  ASSERT_EQ(segment_.size(), 1U);
  EXPECT_EQ(segment_.front().job_name, "BatchMovies_1658365323");
  EXPECT_EQ(segment_.front().num_results, 25);
  EXPECT_EQ(segment_.front().job_output.s3_data_destination.path,
            "s3://bucket/movie-lens/batch/results/segment/");
  EXPECT_THAT(inference_, IsEmpty());
}

TEST_F(BatchTriggerTest, NothingIsSentThatWasNotSet) {
  context_.environment["CONFIG"] = "";

  ASSERT_TRUE(context_.Invoke(BatchTrigger, "b", "users.json"));

  EXPECT_FALSE(inference_.front().num_results);
  EXPECT_FALSE(inference_.front().batch_inference_job_config);
}

TEST_F(BatchTriggerTest, KeysAreDecodedAndKeepTheirSlashes) {
  context_.environment["BATCH_RESULTS_KEY"] = "results/";

  ASSERT_TRUE(context_.Invoke(BatchTrigger, "b", "in//a+b%2B/users.json"));

  EXPECT_EQ(inference_.front().job_input.s3_data_source.path, "s3://b/in//a b+/users.json");
  EXPECT_EQ(inference_.front().job_output.s3_data_destination.path, "s3://b/results//inference/");
}

TEST_F(BatchTriggerTest, OtherFilesAreLeftAloneWithALine) {
  for (const char* key : {"in/users.json.bak", "in/myusers.json", "in/users.json/", "users"}) {
    const auto answer = context_.Invoke(BatchTrigger, "b", key);
    ASSERT_TRUE(answer);
    EXPECT_EQ(*answer, "null");
    EXPECT_THAT(context_.lines.back(),
                HasSubstr("nothing to start for s3://b/" + std::string(key)));
  }
  EXPECT_THAT(inference_, IsEmpty());
}

TEST_F(BatchTriggerTest, AWrongVariableIsNamed) {
  const auto failing = [&](const char* name, const char* value) {
    const auto before = context_.environment;
    context_.environment[name] = value;
    const auto answer = context_.Invoke(BatchTrigger, "b", "users.json");
    context_.environment = before;
    EXPECT_FALSE(answer) << name;
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
    EXPECT_THAT(answer.error().message, HasSubstr(name));
  };

  failing("SOLUTION_ARN", "");
  failing("BATCH_RESULTS_KEY", "");
  failing("NUM_RESULTS", "ten");
  failing("NUM_RESULTS", "0");
  failing("NUM_RESULTS", "10 ");
  failing("CONFIG", "{");
  failing("CONFIG", "[]");
  EXPECT_THAT(inference_, IsEmpty());
}

TEST_F(BatchTriggerTest, AMissingRoleIsSaid) {
  has_role_ = false;

  const auto answer = context_.Invoke(BatchTrigger, "b", "users.json");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().wire_name, "NoSuchEntity");
  EXPECT_THAT(answer.error().message, HasSubstr("PersonalizeRole"));
}

TEST_F(BatchTriggerTest, ARefusalOfTheServiceIsTheFunctionsError) {
  refusal_ = InvalidInput("wrong recipe");

  const auto answer = context_.Invoke(BatchTrigger, "b", "items.json");

  EXPECT_EQ(answer.error().wire_name, "InvalidInputException");
  EXPECT_EQ(answer.error().message, "wrong recipe");
}

TEST_F(BatchTriggerTest, RefusesWhatIsNoEvent) {
  for (const char* event :
       {"", "{}", R"({"Records":{}})", R"({"Records":[{}]})",
        R"({"Records":[{"s3":{"bucket":{"name":"b"},"object":{}}}]})",
        R"({"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}}]})"}) {
    const auto answer = context_.Invoke(BatchTrigger, event);
    ASSERT_FALSE(answer) << event;
    EXPECT_THAT(answer.error().message, HasSubstr("S3 notification"));
  }
}

TEST_F(BatchTriggerTest, SeveralRecordsGiveAListOfAnswers) {
  const auto answer = context_.Invoke(
      BatchTrigger, R"({"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"users.json"}}},)"
                    R"({"s3":{"bucket":{"name":"b"},"object":{"key":"x/items.json"}}}]})");

  EXPECT_EQ(*answer, R"([{"batchInferenceJobArn":"inference"},{"batchSegmentJobArn":"segment"}])");
}

}  // namespace
}  // namespace usher::functions
