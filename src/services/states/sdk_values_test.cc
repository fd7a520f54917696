#include "services/states/sdk_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_source.h"
#include "json/json.h"
#include "services/states/execution.h"

namespace usher::states {
namespace {

using testing::HasSubstr;

const wire::Operation& Operation(std::string_view service, std::string_view name) {
  const wire::Operation* operation = wire::FindOperation(*wire::FindService(service), name);
  Check(operation != nullptr, "the model has the operation");
  return *operation;
}

std::string Converted(std::string_view service, std::string_view operation,
                      const std::string& parameters) {
  const auto value = ToOperation(*Operation(service, operation).input, *json::Parse(parameters));
  return value ? json::Write(*value) : "refused: " + value.error().message;
}

std::string CheckedTemplate(std::string_view service, std::string_view operation,
                            const std::string& parameters) {
  const auto fits =
      CheckSdkTemplate(*Operation(service, operation).input, *json::Parse(parameters));
  return fits ? "fits" : fits.error().message;
}

TEST(ToOperation, GivesMembersTheNamesOfTheService) {
  EXPECT_EQ(Converted("personalize", "CreateDatasetImportJob",
                      R"({"JobName":"j","DatasetArn":"a","DataSource":{"DataLocation":"s3://b/k"},)"
                      R"("RoleArn":"r"})"),
            R"({"jobName":"j","datasetArn":"a","dataSource":{"dataLocation":"s3://b/k"},)"
            R"("roleArn":"r"})");
  EXPECT_EQ(Converted("s3", "ListObjectsV2", R"({"Bucket":"b"})"), R"({"Bucket":"b"})");
}

// What the SDK makes of texts where the model wants something else.
TEST(ToOperation, CoercesTexts) {
  const auto solution = [](const std::string& hpo) {
    return Converted("personalize", "CreateSolution", R"({"Name":"n","PerformHPO":)" + hpo + "}");
  };
  EXPECT_EQ(solution(R"("true")"), R"({"name":"n","performHPO":true})");
  EXPECT_EQ(solution(R"("False")"), R"({"name":"n","performHPO":false})");
  EXPECT_EQ(solution("true"), R"({"name":"n","performHPO":true})");
  EXPECT_THAT(solution(R"("yes")"), HasSubstr("'PerformHPO' must be true or false"));
  EXPECT_THAT(solution("1"), HasSubstr("'PerformHPO' must be true or false"));

  const auto receive = [](const std::string& number) {
    return Converted("sqs", "ReceiveMessage",
                     R"({"QueueUrl":"q","MaxNumberOfMessages":)" + number + "}");
  };
  EXPECT_EQ(receive(R"("10")"), R"({"QueueUrl":"q","MaxNumberOfMessages":10})");
  EXPECT_EQ(receive("10.0"), R"({"QueueUrl":"q","MaxNumberOfMessages":10})");
  EXPECT_THAT(receive(R"("ten")"), HasSubstr("must be a whole number"));
  EXPECT_THAT(receive("1.5"), HasSubstr("must be a whole number"));

  EXPECT_EQ(Converted("sqs", "SendMessage", R"({"QueueUrl":"q","MessageBody":1.5})"),
            R"({"QueueUrl":"q","MessageBody":"1.5"})");
  EXPECT_EQ(Converted("sqs", "SendMessage", R"({"QueueUrl":"q","MessageBody":{"a":[1]}})"),
            R"({"QueueUrl":"q","MessageBody":"{\"a\":[1]}"})");
}

TEST(ToOperation, KeepsTheKeysOfMaps) {
  EXPECT_EQ(Converted("sqs", "SetQueueAttributes",
                      R"({"QueueUrl":"q","Attributes":{"delaySeconds":5,"X y":"z"}})"),
            R"({"QueueUrl":"q","Attributes":{"delaySeconds":"5","X y":"z"}})");
}

TEST(ToOperation, MakesTimesAndBytes) {
  const auto head = ToOperation(
      *Operation("s3", "GetObject").input,
      *json::Parse(R"({"Bucket":"b","Key":"k","IfModifiedSince":"2022-07-21T00:21:00Z"})"));
  ASSERT_TRUE(head);
  ASSERT_TRUE(head->Find("IfModifiedSince")->as_time());
  EXPECT_EQ(FormatIso8601(*head->Find("IfModifiedSince")->as_time(), false),
            "2022-07-21T00:21:00Z");
  const auto invoke = ToOperation(*Operation("lambda", "Invoke").input,
                                  *json::Parse(R"({"FunctionName":"f","Payload":{"a":1}})"));
  ASSERT_TRUE(invoke);
  EXPECT_EQ(invoke->Find("Payload")->as_blob()->bytes, R"({"a":1})");
  const auto put = ToOperation(*Operation("s3", "PutObject").input,
                               *json::Parse(R"({"Bucket":"b","Key":"k","Body":"text"})"));
  ASSERT_TRUE(put && put->Find("Body")->as_stream());
  EXPECT_EQ(*ReadAll(**put->Find("Body")->as_stream(), 100), "text");
}

TEST(ToOperation, RefusesWhatTheOperationDoesNotKnow) {
  EXPECT_THAT(
      Converted("personalize", "DescribeSolution", R"({"solutionArn":"a"})"),
      testing::AllOf(HasSubstr(R"(The field "solutionArn" is not supported by Step Functions)"),
                     HasSubstr("known are SolutionArn")));
  EXPECT_THAT(Converted("personalize", "DescribeSolution", "[]"), HasSubstr("an object"));
}

TEST(CheckSdkTemplate, LooksAtEveryLevelButWhatIsComputed) {
  EXPECT_EQ(CheckedTemplate("personalize", "CreateDatasetImportJob",
                            R"({"JobName":"j","DataSource.$":"$.d","DatasetArn.$":"$.a"})"),
            "fits");
  EXPECT_THAT(CheckedTemplate("personalize", "CreateDatasetImportJob",
                              R"({"DataSource":{"Location":"s3://"}})"),
              HasSubstr(R"("Location" is not supported)"));
  EXPECT_THAT(CheckedTemplate("personalize", "CreateDatasetImportJob", R"({"Nope.$":"$"})"),
              HasSubstr(R"("Nope" is not supported)"));
}

TEST(FromOperation, GivesPascalCaseAndTimesAsText) {
  ValueMap solution;
  solution.Append("solutionArn", "arn");
  solution.Append("performHPO", true);
  solution.Append("creationDateTime", FromEpochMillis(1'658'362'860'123));
  ValueMap config;
  ValueMap hyperparameters;
  hyperparameters.Append("hidden_dimension", "64");
  config.Append("algorithmHyperParameters", std::move(hyperparameters));
  solution.Append("solutionConfig", std::move(config));
  ValueMap answer;
  answer.Append("solution", std::move(solution));
  const auto seen = FromOperation(*Operation("personalize", "DescribeSolution").output, answer);
  ASSERT_TRUE(seen);
  EXPECT_EQ(json::Write(*seen),
            R"({"Solution":{"SolutionArn":"arn","PerformHPO":true,)"
            R"("CreationDateTime":"2022-07-21T00:21:00.123Z",)"
            R"("SolutionConfig":{"AlgorithmHyperParameters":{"hidden_dimension":"64"}}}})");
}

TEST(FromOperation, ReadsBodiesUpToTheLimit) {
  const wire::Shape& output = *Operation("s3", "GetObject").output;
  const auto body = [&](std::string bytes) {
    ValueMap answer;
    answer.Append("Body", Stream(std::make_shared<StringSource>(std::move(bytes))));
    const auto seen = FromOperation(output, answer);
    return seen ? json::Write(*seen) : seen.error().wire_name;
  };
  EXPECT_EQ(body("text"), R"({"Body":"text"})");
  EXPECT_EQ(body("\xff"), R"({"Body":"/w=="})");
  EXPECT_EQ(body(std::string(kMaxDataBytes + 1, 'x')), "States.DataLimitExceeded");
}

}  // namespace
}  // namespace usher::states
