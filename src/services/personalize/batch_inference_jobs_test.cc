#include "services/personalize/batch_inference_jobs.h"

#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class BatchInferenceJobTest : public TestService {
 protected:
  BatchInferenceJobTest() {
    ImportInteractions();
    version_ = Train(CreateSolution("films", "aws-user-personalization"));
  }

  api::CreateBatchInferenceJobRequest Request(const std::string& input, const std::string& output) {
    api::CreateBatchInferenceJobRequest request;
    request.job_name = "b" + std::to_string(++requests_);
    request.solution_version_arn = version_;
    request.num_results = 3;
    request.job_input.s3_data_source.path = input;
    request.job_output.s3_data_destination.path = output;
    request.role_arn = kRole;
    return request;
  }
  api::BatchInferenceJob Run(const std::string& input, const std::string& output) {
    const auto created = Call<api::CreateBatchInferenceJob>(Request(input, output));
    EXPECT_TRUE(created) << created.error().message;
    RunJobs();
    return *Call<api::DescribeBatchInferenceJob>(
                {.batch_inference_job_arn = *created->batch_inference_job_arn})
                ->batch_inference_job;
  }

  std::string version_;
  int requests_ = 0;
};

TEST_F(BatchInferenceJobTest, AnswersEachLineInOrderWithItsErrors) {
  objects_["in/users.json"] = "{\"userId\":\"u1\"}\nnot json\n{\"userId\":\"stranger\"}\n";

  const auto job = Run("s3://bucket/in/users.json", "s3://bucket/out//");

  EXPECT_EQ(job.status, "ACTIVE") << job.failure_reason.value_or("");
  ASSERT_TRUE(objects_.contains("out//users.json.out"));
  EXPECT_EQ(objects_.size(), 3U);  // interactions, input, output: nothing else was written
  std::vector<Value> lines;
  std::string rest = objects_["out//users.json.out"];
  for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
    lines.push_back(*json::Parse(rest.substr(0, end)));
    rest = rest.substr(end + 1);
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].Find("output")->Find("recommendedItems")->as_list()->size(), 3U);
  EXPECT_TRUE(lines[0].Find("error")->is_null());
  EXPECT_TRUE(lines[1].Find("output")->is_null());
  EXPECT_FALSE(lines[1].Find("error")->is_null());
  EXPECT_EQ(lines[2].Find("output")->Find("recommendedItems")->as_list()->size(), 3U);
}

TEST_F(BatchInferenceJobTest, ReadsEveryObjectOfAFolder) {
  objects_["in/a.json"] = "{\"userId\":\"u1\"}";
  objects_["in/b.json"] = "{\"userId\":\"u2\"}\n\n";

  EXPECT_EQ(Run("s3://bucket/in/", "s3://bucket/out/").status, "ACTIVE");

  EXPECT_TRUE(objects_.contains("out/a.json.out"));
  EXPECT_TRUE(objects_.contains("out/b.json.out"));
}

TEST_F(BatchInferenceJobTest, FailsWithAReasonWhenTheInputIsMissing) {
  const auto job = Run("s3://bucket/nothing.json", "s3://bucket/out/");

  EXPECT_EQ(job.status, "CREATE FAILED");
  EXPECT_THAT(*job.failure_reason, HasSubstr("There is no object at s3://bucket/nothing.json"));
  const auto other = Run("s3://elsewhere/users.json", "s3://bucket/out/");
  EXPECT_THAT(*other.failure_reason, HasSubstr("The specified bucket does not exist"));
}

TEST_F(BatchInferenceJobTest, RefusesLocationsAndCountsAtTheCall) {
  const auto refusal = [&](const api::CreateBatchInferenceJobRequest& request) {
    return Complaint<api::CreateBatchInferenceJob>(request, ErrorCode::kInvalidInput);
  };
  EXPECT_THAT(refusal(Request("https://bucket/in.json", "s3://bucket/out/")),
              HasSubstr("Invalid S3 input path"));
  EXPECT_THAT(refusal(Request("s3://bucket/in.json", "s3://bucket/out")),
              HasSubstr("must be a folder"));
  EXPECT_THAT(refusal(Request("s3://bucket/x/", "s3://bucket/x/")), HasSubstr("must differ"));
  auto many = Request("s3://bucket/in.json", "s3://bucket/out/");
  many.num_results = 501;
  EXPECT_THAT(refusal(many), HasSubstr("from 1 to 500"));
  auto unknown = Request("s3://bucket/in.json", "s3://bucket/out/");
  unknown.solution_version_arn = Arn("solution/films/00000000");
  EXPECT_THAT(Complaint<api::CreateBatchInferenceJob>(unknown, ErrorCode::kNotFound),
              HasSubstr("00000000"));
}

}  // namespace
}  // namespace usher::personalize
