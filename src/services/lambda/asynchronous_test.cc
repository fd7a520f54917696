#include "services/lambda/asynchronous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/temp_folder.h"
#include "json/json.h"
#include "services/lambda/destinations.h"
#include "services/lambda/operations.h"

namespace usher::lambda {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Keeps what is enqueued; the test makes the attempts itself.
class KeptDeliveries final : public jobs::DeliveryQueue {
 public:
  struct Kept {
    std::string lane;
    jobs::DeliverySpec spec;
  };
  void AddLane(Lane lane) override { lanes.push_back(lane.name); }
  Result<void> Start() override { return {}; }
  void Stop() override {}
  std::string Enqueue(storage::Batch& /*batch*/, std::string_view lane,
                      jobs::DeliverySpec spec) override {
    kept.push_back({std::string(lane), std::move(spec)});
    return "delivery-" + std::to_string(kept.size());
  }
  void Wake() override {}
  [[nodiscard]] std::vector<std::string> Lanes() const override { return {}; }
  [[nodiscard]] std::size_t Waiting(std::string_view /*lane*/) const override { return 0; }
  [[nodiscard]] std::size_t Waiting(std::string_view /*lane*/,
                                    std::string_view /*key*/) const override {
    return 0;
  }

  std::vector<std::string> lanes;
  std::vector<Kept> kept;
};

Result<std::string> Echo(const std::string& event, functions::FunctionContext& context) {
  context.log("echoing for " + context.environment.at("WHO"));
  return event;
}
Result<std::string> Fail(const std::string& /*event*/, functions::FunctionContext& /*context*/) {
  return NotFound("it is not there");
}
Result<std::string> Nothing(const std::string& /*event*/, functions::FunctionContext& /*context*/) {
  return std::string("null");
}

const functions::BuiltinFunction kBuiltins[] = {
    {"echo", Echo}, {"fail", Fail}, {"nothing", Nothing}};

class AsynchronousTest : public testing::Test {
 protected:
  static constexpr const char* kTopic = "arn:aws:sns:us-east-1:000000000000:topic";
  static constexpr const char* kQueue = "arn:aws:sqs:us-east-1:000000000000:queue";

  AsynchronousTest()
      : store_(*storage::OpenSqliteStore(folder_.path())),
        service_(*Service::Open({.data_folder = folder_.path(),
                                 .endpoint = "http://127.0.0.1:1",
                                 .python = "/nonexistent",
                                 .layers_folder = folder_.path() + "/layers",
                                 .builtins = kBuiltins},
                                *store_, deliveries_, dispatcher_, credentials_, clock_)) {
    Register(dispatcher_, *service_);
  }

  void Create(const std::string& handler) {
    api::CreateFunctionRequest request{.function_name = "f",
                                       .runtime = "usher",
                                       .role = "arn:aws:iam::000000000000:role/r",
                                       .handler = handler};
    request.environment.emplace().variables.emplace()["WHO"] = "me";
    const auto made = dispatcher_.Call<api::CreateFunction>(request, context_);
    ASSERT_TRUE(made) << made.error().message;
  }

  void Configure(const api::PutFunctionEventInvokeConfigRequest& request) {
    const auto put = dispatcher_.Call<api::PutFunctionEventInvokeConfig>(request, context_);
    ASSERT_TRUE(put) << put.error().message;
  }

  // Invokes asynchronously and gives what the lane would deliver.
  jobs::Delivery Accepted(const std::string& payload = "{}") {
    context_.request_id = "11111111-2222-4333-8444-555555555555";
    const auto answer = dispatcher_.Call<api::Invoke>(
        {.function_name = "f", .invocation_type = "Event", .payload = payload}, context_);
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer ? answer->status_code : std::nullopt, 202);
    EXPECT_EQ(deliveries_.kept.back().lane, kAsynchronousLane);
    EXPECT_EQ(deliveries_.kept.back().spec.key, "f");
    return {.id = "d",
            .key = "f",
            .payload = deliveries_.kept.back().spec.payload,
            .attempt = 1,
            .accepted = clock_.Now()};
  }

  jobs::Outcome::Kind Try(const jobs::Delivery& delivery) {
    return Attempt(delivery, stop_, *service_).kind();
  }

  // The record that was sent last.
  Value Record() {
    EXPECT_EQ(deliveries_.kept.back().lane, kDestinationLane);
    return *json::Parse(deliveries_.kept.back().spec.payload);
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'658'365'323'456)};
  std::unique_ptr<storage::DocumentStore> store_;
  KeptDeliveries deliveries_;
  wire::Dispatcher dispatcher_;
  wire::TemporaryCredentials credentials_{nullptr};
  std::unique_ptr<Service> service_;
  wire::CallContext context_;
  jobs::StopToken stop_ = false;
};

TEST_F(AsynchronousTest, EndsWithSuccessAndSendsNothingWithoutADestination) {
  Create("echo");
  const auto delivery = Accepted();
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(deliveries_.kept.size(), 1U);
}

TEST_F(AsynchronousTest, SendsTheRecordOfASuccess) {
  Create("nothing");
  Configure({.function_name = "f",
             .destination_config =
                 api::DestinationConfig{.on_success = api::OnSuccess{.destination = kTopic}}});

  EXPECT_EQ(Try(Accepted(R"({"a":[1]})")), jobs::Outcome::Kind::kDone);

  EXPECT_EQ(deliveries_.kept.back().spec.key, kTopic);
  EXPECT_EQ(Record(), *json::Parse(R"({
    "version": "1.0", "timestamp": "2022-07-21T01:02:03.456Z",
    "requestContext": {"requestId": "11111111-2222-4333-8444-555555555555",
      "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
      "condition": "Success", "approximateInvokeCount": 1},
    "requestPayload": {"a": [1]},
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
    "responsePayload": null})"));
}

TEST_F(AsynchronousTest, TriesAFailureTwiceMoreThenSaysThatItGaveUp) {
  Create("fail");
  Configure({.function_name = "f",
             .destination_config =
                 api::DestinationConfig{.on_failure = api::OnFailure{.destination = kQueue}}});
  auto delivery = Accepted();

  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kAgain);
  delivery.attempt = 2;
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kAgain);
  EXPECT_EQ(deliveries_.kept.size(), 1U);
  delivery.attempt = 3;
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kDone);

  const Value record = Record();
  EXPECT_EQ(*record.Find("requestContext"), *json::Parse(R"({
      "requestId": "11111111-2222-4333-8444-555555555555",
      "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
      "condition": "RetriesExhausted", "approximateInvokeCount": 3})"));
  EXPECT_EQ(*record.Find("responseContext"), *json::Parse(R"({
      "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})"));
  EXPECT_EQ(*record.Find("responsePayload"),
            *json::Parse(R"({"errorMessage": "it is not there", "errorType": "NotFound"})"));
}

TEST_F(AsynchronousTest, TriesAsOftenAsItIsConfigured) {
  Create("fail");
  Configure({.function_name = "f", .maximum_retry_attempts = 0});
  EXPECT_EQ(Try(Accepted()), jobs::Outcome::Kind::kDone);
  Configure({.function_name = "f", .maximum_retry_attempts = 1});
  auto delivery = Accepted();
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kAgain);
  delivery.attempt = 2;
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kDone);
}

TEST_F(AsynchronousTest, GivesUpOnAnEventThatIsTooOld) {
  Create("echo");
  Configure({.function_name = "f",
             .maximum_event_age_in_seconds = 60,
             .destination_config =
                 api::DestinationConfig{.on_failure = api::OnFailure{.destination = kQueue}}});
  const auto delivery = Accepted();
  clock_.Advance(seconds(61));

  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kDone);

  const Value record = Record();
  EXPECT_EQ(*record.Find("requestContext")->Find("condition"), Value("EventAgeExceeded"));
  EXPECT_EQ(record.Find("responsePayload"), nullptr);
}

TEST_F(AsynchronousTest, WaitsWithoutCountingWhereThereIsNoRoom) {
  Create("echo");
  const auto reserved = dispatcher_.Call<api::PutFunctionConcurrency>(
      {.function_name = "f", .reserved_concurrent_executions = 0}, context_);
  ASSERT_TRUE(reserved);
  const auto delivery = Accepted();

  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kAgain);
  clock_.Advance(hours(6) + minutes(1));
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kDone);  // six hours are enough
}

TEST_F(AsynchronousTest, StaysForTheNextStartWhenTheServerStops) {
  Create("echo");
  const auto delivery = Accepted();
  stop_ = true;
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kInterrupted);
}

TEST_F(AsynchronousTest, IsDroppedWithItsFunction) {
  Create("echo");
  const auto delivery = Accepted();
  ASSERT_TRUE(dispatcher_.Call<api::DeleteFunction>({.function_name = "f"}, context_));
  EXPECT_EQ(Try(delivery), jobs::Outcome::Kind::kDone);
}

TEST_F(AsynchronousTest, SendsTheEventToADeadLetterQueue) {
  Create("fail");
  const auto updated = dispatcher_.Call<api::UpdateFunctionConfiguration>(
      {.function_name = "f", .dead_letter_config = api::DeadLetterConfig{.target_arn = kQueue}},
      context_);
  ASSERT_TRUE(updated) << updated.error().message;
  Configure({.function_name = "f", .maximum_retry_attempts = 0});

  EXPECT_EQ(Try(Accepted(R"({"lost":1})")), jobs::Outcome::Kind::kDone);

  EXPECT_EQ(deliveries_.kept.back().lane, kDestinationLane);
  EXPECT_EQ(deliveries_.kept.back().spec.payload, R"({"lost":1})");
}

TEST_F(AsynchronousTest, RunsABuiltInFunctionWithItsVariablesAndItsLog) {
  Create("echo");
  const auto answer = dispatcher_.Call<api::Invoke>(
      {.function_name = "f", .log_type = "Tail", .payload = R"({"x":1})"}, context_);

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->payload, R"({"x":1})");
  EXPECT_EQ(answer->function_error, std::nullopt);
  const std::string log = *Base64Decode(answer->log_result.value_or(""));
  EXPECT_THAT(log, testing::HasSubstr("\nechoing for me\nEND RequestId: "));
}

TEST_F(AsynchronousTest, NamesTheErrorOfABuiltInFunction) {
  Create("fail");
  const auto answer = dispatcher_.Call<api::Invoke>({.function_name = "f"}, context_);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->function_error, "Unhandled");
  EXPECT_EQ(answer->payload, R"({"errorMessage":"it is not there","errorType":"NotFound"})");
}

TEST(AsynchronousEvent, IsReadAsItWasWritten) {
  const AsynchronousEvent event{.request_id = "r",
                                .function = "f",
                                .qualifier = "q",
                                .region = "eu-west-1",
                                .payload = R"({"a":"\u0000"})",
                                .client_context = "{}",
                                .trace = {.root = "1-2-3", .sampled = true, .depth = 3}};
  const auto read = ReadAsynchronousEvent(Write(event));
  ASSERT_TRUE(read);
  EXPECT_EQ(Write(*read), Write(event));
  EXPECT_EQ(read->payload, event.payload);
  EXPECT_FALSE(ReadAsynchronousEvent("{"));
}

}  // namespace
}  // namespace usher::lambda
