#include "services/states/integrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::states {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A door behind which one operation gives what the test says.
class Integrations : public testing::Test {
 protected:
  void Answer(std::string_view service, std::string_view operation, Result<Value> answer) {
    dispatcher_.Add(*wire::FindOperation(*wire::FindService(service), operation),
                    [this, answer = std::move(answer)](const Value& request, wire::CallContext&) {
                      asked_ = request;
                      return answer;
                    });
  }

  TaskOutcome Call(const std::string& arn, const std::string& parameters) {
    wire::CallContext context;
    context.request_id = "r-1";
    return CallTask(dispatcher_, *ParseResource(arn), *json::Parse(parameters), context);
  }

  wire::Dispatcher dispatcher_;
  Value asked_;
};

Value Object(const std::string& text) { return *json::Parse(text); }

TEST_F(Integrations, NameErrorsByServiceAndException) {
  Answer("personalize", "DescribeSolution", NotFound("no such solution"));
  const auto outcome =
      Call("arn:aws:states:::aws-sdk:personalize:describeSolution",
           R"({"SolutionArn":"arn:aws:personalize:us-east-1:000000000000:solution/x"})");
  EXPECT_EQ(outcome.kind, TaskOutcome::Kind::kFailed);
  EXPECT_EQ(outcome.failure.error, "Personalize.ResourceNotFoundException");
  EXPECT_EQ(outcome.failure.cause,
            "no such solution (Service: Personalize, Status Code: 400, Request ID: r-1)");
}

TEST_F(Integrations, AddExceptionToNamesThatLackIt) {
  Answer("s3", "GetBucketPolicy",
         Named("NoSuchBucketPolicy", ErrorCode::kNotFound, "no policy", 404));
  const auto outcome = Call("arn:aws:states:::aws-sdk:s3:getBucketPolicy", R"({"Bucket":"bkt"})");
  EXPECT_EQ(outcome.failure.error, "S3.NoSuchBucketPolicyException");
  EXPECT_THAT(outcome.failure.cause, HasSubstr("Status Code: 404"));
}

TEST_F(Integrations, SayWhenAnOperationIsNotBuilt) {
  const auto outcome = Call("arn:aws:states:::aws-sdk:glue:getTriggers", "{}");
  EXPECT_EQ(outcome.failure.error, "Glue.UnsupportedOperationException");
  EXPECT_THAT(outcome.failure.cause, StartsWith("AWS Glue GetTriggers is not supported by Usher"));
}

TEST_F(Integrations, FailWithoutACallOnParametersOfAnotherKind) {
  Answer("sqs", "ReceiveMessage", Value(ValueMap()));
  const auto outcome = Call("arn:aws:states:::aws-sdk:sqs:receiveMessage",
                            R"({"QueueUrl":"q","MaxNumberOfMessages":"many"})");
  EXPECT_EQ(outcome.failure.error, "States.Runtime");
  EXPECT_TRUE(asked_.is_null());
}

TEST_F(Integrations, InvokeTakesAndGivesJson) {
  ValueMap answer;
  answer.Append("StatusCode", 200);
  answer.Append("ExecutedVersion", "$LATEST");
  answer.Append("Payload", Blob{R"({"b":2})"});
  Answer("lambda", "Invoke", Value(answer));
  const auto outcome =
      Call("arn:aws:states:::lambda:invoke", R"({"FunctionName":"f","Payload":{"a":1}})");
  EXPECT_EQ(asked_.Find("Payload")->as_blob()->bytes, R"({"a":1})");
  EXPECT_EQ(json::Write(*outcome.value.Find("Payload")), R"({"b":2})");
  EXPECT_EQ(json::Write(*outcome.value.Find("SdkResponseMetadata")), R"({"RequestId":"r-1"})");
  EXPECT_EQ(outcome.traced_as, "Lambda");
}

TEST_F(Integrations, FunctionErrorsAreNamedByTheirType) {
  ValueMap answer;
  answer.Append("FunctionError", "Unhandled");
  answer.Append("Payload", Blob{R"({"errorType":"KeyError","errorMessage":"'x'"})"});
  Answer("lambda", "Invoke", Value(answer));
  for (const char* arn :
       {"arn:aws:states:::lambda:invoke", "arn:aws:lambda:us-east-1:000000000000:function:f"}) {
    const auto outcome = Call(arn, R"({"FunctionName":"f"})");
    EXPECT_EQ(outcome.failure.error, "KeyError") << arn;
    EXPECT_EQ(outcome.failure.cause, R"({"errorType":"KeyError","errorMessage":"'x'"})") << arn;
  }
}

TEST_F(Integrations, MessagesMayBeAnyJson) {
  Answer("sqs", "SendMessage", Object(R"({"MessageId":"m"})"));
  Call("arn:aws:states:::sqs:sendMessage", R"({"QueueUrl":"q","MessageBody":{"n":1}})");
  EXPECT_EQ(*asked_.Find("MessageBody")->as_string(), R"({"n":1})");
}

TEST_F(Integrations, WaitForTheExecutionThatTheyStart) {
  Answer("stepfunctions", "StartExecution", Object(R"({"executionArn":"arn:x"})"));
  const auto started = Call("arn:aws:states:::states:startExecution.sync:2",
                            R"({"StateMachineArn":"arn:m","Input":{"a":1}})");
  EXPECT_EQ(*asked_.Find("input")->as_string(), R"({"a":1})");
  ASSERT_EQ(started.kind, TaskOutcome::Kind::kSubmitted);

  const auto poll = [&](const std::string& arn, const std::string& described) {
    wire::Dispatcher door;
    door.Add(*wire::FindOperation(*wire::FindService("stepfunctions"), "DescribeExecution"),
             [&](const Value& request, wire::CallContext&) -> Result<Value> {
               EXPECT_EQ(*request.Find("executionArn")->as_string(), "arn:x");
               return Object(described);
             });
    wire::CallContext context;
    return PollTask(door, *ParseResource(arn), started.handle, context);
  };
  const std::string sync2 = "arn:aws:states:::states:startExecution.sync:2";
  EXPECT_EQ(poll(sync2, R"({"status":"RUNNING"})").kind, TaskOutcome::Kind::kRunning);
  const auto ended = poll(sync2, R"({"status":"SUCCEEDED","output":"{\"b\":2}"})");
  EXPECT_EQ(json::Write(*ended.value.Find("Output")), R"({"b":2})");
  const auto as_text = poll("arn:aws:states:::states:startExecution.sync",
                            R"({"status":"SUCCEEDED","output":"{\"b\":2}"})");
  EXPECT_EQ(*as_text.value.Find("Output")->as_string(), R"({"b":2})");
  EXPECT_EQ(poll(sync2, R"({"status":"FAILED","error":"E"})").failure.error, "States.TaskFailed");
}

TEST_F(Integrations, StartAnExecutionOnce) {
  Answer("stepfunctions", "StartExecution",
         Named("ExecutionAlreadyExists", ErrorCode::kAlreadyExists, "there it is"));
  Value described;
  dispatcher_.Add(*wire::FindOperation(*wire::FindService("stepfunctions"), "DescribeExecution"),
                  [&](const Value& request, wire::CallContext&) -> Result<Value> {
                    described = request;
                    return Object(R"({"executionArn":"arn:x","status":"SUCCEEDED"})");
                  });
  const std::string start = "arn:aws:states:::states:startExecution";
  const std::string machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
  const auto again = Call(start, R"({"StateMachineArn":")" + machine + R"("})");
  EXPECT_EQ(*asked_.Find("name")->as_string(), "r-1");
  EXPECT_EQ(*described.Find("executionArn")->as_string(),
            "arn:aws:states:us-east-1:000000000000:execution:m:r-1");
  EXPECT_EQ(*again.value.Find("ExecutionArn")->as_string(), "arn:x");
  // A name that the definition gives is its own affair.
  const auto named = Call(start, R"({"StateMachineArn":")" + machine + R"(","Name":"mine"})");
  EXPECT_EQ(named.failure.error, "StepFunctions.ExecutionAlreadyExistsException");
}

std::string Checked(const std::string& arn, const std::string& parameters = "{}") {
  const Value value = Object(parameters);
  const auto good = CheckTask(arn, &value);
  return good ? "good" : good.error().message;
}

TEST(CheckTask, TakesEveryOperationOfTheModels) {
  for (const wire::Service* service : wire::AllServices()) {
    for (const wire::Operation& operation : service->operations) {
      std::string action(operation.name);
      action[0] = static_cast<char>(action[0] - 'A' + 'a');
      std::string name(service->id);
      std::erase(name, '-');
      if (name == "stepfunctions") name = "sfn";
      if (name == "logs") name = "cloudwatchlogs";
      EXPECT_EQ(Checked("arn:aws:states:::aws-sdk:" + name + ":" + action), "good");
    }
  }
}

TEST(CheckTask, SaysWhatIsKnown) {
  EXPECT_THAT(Checked("arn:aws:states:::dynamodb:getItem"),
              HasSubstr("known are lambda:invoke, sns:publish"));
  EXPECT_THAT(Checked("arn:aws:states:::aws-sdk:dynamodb:getItem"),
              HasSubstr("no service 'dynamodb'"));
  EXPECT_THAT(Checked("arn:aws:states:::aws-sdk:s3:GetObject"), HasSubstr("no operation"));
  EXPECT_THAT(Checked("arn:aws:states:::aws-sdk:s3:getObject.sync"),
              HasSubstr("cannot be waited for"));
  EXPECT_THAT(Checked("arn:aws:states:::glue:startJobRun.sync:2"),
              HasSubstr("cannot be waited for"));
  EXPECT_EQ(Checked("arn:aws:states:::glue:startJobRun.sync"), "good");
  EXPECT_EQ(Checked("arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    R"({"QueueUrl":"q","MessageBody":{"any":{"thing.$":"$"}}})"),
            "good");
}

}  // namespace
}  // namespace usher::states
