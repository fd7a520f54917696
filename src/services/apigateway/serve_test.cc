// A stage of a small API, served: with a function that tests stand for, the logs that it leaves and
// the trace that it makes.
#include "services/apigateway/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/temp_folder.h"
#include "metrics/registry.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/service.h"
#include "tracing/recorder.h"
#include "wire/lambda.h"
#include "wire/logs.h"

namespace usher::apigateway {
namespace {

namespace lambda = usher::api::lambda;
namespace logs = usher::api::logs;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kArn = "arn:aws:lambda:us-east-1:000000000000:function:films";

class NoCredentials final : public wire::Credentials {
 public:
  std::optional<Key> Find(std::string_view /*id*/) const override { return std::nullopt; }
};

class ServeTest : public testing::Test {
 protected:
  ServeTest() {
    dispatcher_.SetTelemetry(&recorder_, &metrics_);
    recorder_.AddSink([this](std::span<const tracing::Finished> batch) {
      for (const tracing::Finished& one : batch) segments_.push_back(one.segment);
    });
    recorder_.Start();
    dispatcher_.Handle<lambda::Invoke>(
        [this](const auto& request,
               wire::CallContext& context) -> Result<lambda::Invoke::Response> {
          return Function(request, context);
        });
    dispatcher_.Handle<lambda::GetFunctionConfiguration>(
        [this](const auto&,
               wire::CallContext&) -> Result<lambda::GetFunctionConfiguration::Response> {
          return lambda::FunctionConfiguration{.timeout = function_timeout_};
        });
    dispatcher_.Handle<logs::PutLogEvents>(
        [this](const auto& request, wire::CallContext&) -> Result<logs::PutLogEvents::Response> {
          for (const auto& event : request.log_events) {
            log_lines_.push_back(request.log_group_name + ": " + event.message);
          }
          return logs::PutLogEvents::Response{};
        });
    Register(dispatcher_, service_);
    EXPECT_TRUE(service_.Start());
    MakeApi();
  }

  ~ServeTest() override {
    service_.Stop();
    recorder_.Stop();
  }

  // GET / of an API "Movies" by AWS_PROXY, at stage dev.
  void MakeApi() {
    const auto api = dispatcher_.Call<api::CreateRestApi>({.name = "Movies"}, context_);
    api_ = *api->id;
    root_ = *api->root_resource_id;
    ASSERT_TRUE(dispatcher_.Call<api::PutMethod>({.rest_api_id = api_,
                                                  .resource_id = root_,
                                                  .http_method = "GET",
                                                  .authorization_type = "NONE"},
                                                 context_));
    PutIntegration(29'000);
    Deploy();
  }

  void PutIntegration(std::int64_t timeout_ms) {
    ASSERT_TRUE(dispatcher_.Call<api::PutIntegration>(
        {.rest_api_id = api_,
         .resource_id = root_,
         .http_method = "GET",
         .type = "AWS_PROXY",
         .integration_http_method = "POST",
         .uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" +
                std::string(kArn) + "/invocations",
         .timeout_in_millis = timeout_ms},
        context_));
  }

  void Deploy() {
    ASSERT_TRUE(dispatcher_.Call<api::CreateDeployment>({.rest_api_id = api_, .stage_name = "dev"},
                                                        context_));
  }

  void Patch(std::string path, std::string value) {
    ASSERT_TRUE(dispatcher_.Call<api::UpdateStage>(
        {.rest_api_id = api_,
         .stage_name = "dev",
         .patch_operations =
             std::vector<api::PatchOperation>{
                 {.op = "replace", .path = std::move(path), .value = std::move(value)}}},
        context_));
  }

  wire::HttpResponse Get(std::string target = "", wire::Headers headers = {}) {
    wire::HttpRequest request{.method = "GET",
                              .target = "/restapis/" + api_ + "/dev/_user_request_/" + target,
                              .headers = std::move(headers),
                              .body = std::make_shared<StringSource>(""),
                              .peer = "127.0.0.1"};
    request.headers.Add("Host", "127.0.0.1:4566");
    const auto url = FindServedUrl(request);
    EXPECT_TRUE(url);
    return Serve(service_, *url, std::move(request), served_);
  }

  Result<lambda::Invoke::Response> Function(const lambda::InvocationRequest& request,
                                            wire::CallContext& context) {
    ++invocations_;
    EXPECT_EQ(request.function_name, kArn);
    function_parent_ = context.trace.parent;
    std::unique_lock lock(mutex_);
    released_.wait(lock, [this] { return !blocked_; });
    return lambda::InvocationResponse{
        .status_code = 200, .function_error = function_error_, .payload = payload_};
  }

  void Release() {
    const std::lock_guard lock(mutex_);
    blocked_ = false;
    released_.notify_all();
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'658'451'723'456)};
  std::unique_ptr<storage::DocumentStore> store_ = *storage::OpenSqliteStore(folder_.path());
  tracing::Recorder recorder_;
  metrics::Registry metrics_{clock_};
  wire::Dispatcher dispatcher_;
  NoCredentials credentials_;
  outbound::HttpClient http_{{}};
  Service service_{*store_, dispatcher_, credentials_, http_, clock_};
  wire::CallContext context_;
  std::string api_;
  std::string root_;
  Served served_;

  std::mutex mutex_;
  std::condition_variable released_;
  bool blocked_ = false;
  std::string payload_ = R"({"statusCode":200,"body":"[]"})";
  std::optional<std::string> function_error_;
  std::int64_t function_timeout_ = 3;
  std::string function_parent_;
  std::atomic<int> invocations_ = 0;
  std::vector<tracing::Segment> segments_;
  std::vector<std::string> log_lines_;
};

TEST_F(ServeTest, AnswersWhatTheFunctionSays) {
  const auto answer = Get();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[]");
  EXPECT_EQ(served_.operation, api_ + "/dev");
  EXPECT_EQ(*answer.headers.Find("x-amzn-RequestId"), served_.request_id);
  EXPECT_EQ(answer.headers.Find("X-Amzn-Trace-Id"), nullptr);
  EXPECT_TRUE(segments_.empty());
}

TEST_F(ServeTest, DropsHeadersThatFrameTheAnswer) {
  payload_ = R"({"headers":{"Content-Length":"1","Transfer-Encoding":"chunked","X-A":"b"}})";
  const auto answer = Get();
  EXPECT_EQ(answer.headers.Find("Transfer-Encoding"), nullptr);
  EXPECT_EQ(answer.headers.Find("Content-Length"), nullptr);
  EXPECT_EQ(*answer.headers.Find("x-amzn-Remapped-Content-Length"), "1");
  EXPECT_EQ(*answer.headers.Find("X-A"), "b");
}

TEST_F(ServeTest, MakesTheStagesSegmentWithTheCallOfLambdaInIt) {
  Patch("/tracingEnabled", "true");
  const auto answer = Get();
  recorder_.Flush();
  ASSERT_EQ(segments_.size(), 1U);
  const tracing::Segment& stage = segments_[0];
  EXPECT_EQ(stage.name, "Movies/dev");
  EXPECT_EQ(stage.origin, "AWS::ApiGateway::Stage");
  EXPECT_EQ(stage.http->method, "GET");
  EXPECT_EQ(stage.http->status, 200);
  EXPECT_EQ(stage.http->client_ip, "127.0.0.1");
  EXPECT_FALSE(stage.fault);
  const Value* const described = stage.aws.Find("api_gateway");
  ASSERT_NE(described, nullptr);
  EXPECT_EQ(*described->Find("rest_api_id")->as_string(), api_);
  EXPECT_EQ(*described->Find("stage")->as_string(), "dev");
  EXPECT_EQ(*described->Find("request_id")->as_string(), served_.request_id);
  ASSERT_EQ(stage.subsegments.size(), 1U);
  EXPECT_EQ(stage.subsegments[0].name, "Lambda");
  EXPECT_EQ(stage.subsegments[0].name_space, "aws");
  EXPECT_EQ(function_parent_, tracing::FormatSegmentId(stage.subsegments[0].id));
  EXPECT_EQ(*answer.headers.Find("X-Amzn-Trace-Id"), "Root=" + stage.trace_id + ";Sampled=1");
}

TEST_F(ServeTest, MarksAFailureOfOursAsAFault) {
  Patch("/tracingEnabled", "true");
  function_error_ = "Unhandled";
  payload_ = R"({"errorType":"KeyError","errorMessage":"'user_id'"})";
  EXPECT_EQ(Get("?user_id=5").status, 502);
  recorder_.Flush();
  ASSERT_EQ(segments_.size(), 1U);
  EXPECT_TRUE(segments_[0].fault);
  ASSERT_EQ(segments_[0].exceptions.size(), 1U);
  EXPECT_THAT(segments_[0].exceptions[0].message, HasSubstr("queryStringParameters"));
}

TEST_F(ServeTest, TakesOverTheClientsTrace) {
  Patch("/tracingEnabled", "true");
  wire::Headers headers;
  headers.Add("X-Amzn-Trace-Id",
              "Root=1-581cf771-a006649127e371903a2de979;Parent=70de5b6f19ff9a0a;Sampled=1");
  Get("", headers);
  headers.Set("X-Amzn-Trace-Id", "Root=1-581cf771-a006649127e371903a2de979;Sampled=0");
  Get("", headers);  // the client does not want it recorded
  recorder_.Flush();
  ASSERT_EQ(segments_.size(), 1U);
  EXPECT_EQ(segments_[0].trace_id, "1-581cf771-a006649127e371903a2de979");
  EXPECT_EQ(tracing::FormatSegmentId(segments_[0].parent_id), "70de5b6f19ff9a0a");
}

TEST_F(ServeTest, CountsRequestsOfTheStage) {
  Get();
  payload_ = "[]";
  Get();
  const auto sum = [&](std::string name) {
    const metrics::SeriesName series{.name_space = "AWS/ApiGateway",
                                     .name = std::move(name),
                                     .dimensions = {{"ApiName", "Movies"}, {"Stage", "dev"}}};
    const std::int64_t minute = EpochMillis(clock_.Now()) / 60'000;
    const auto found = metrics_.Read(series, minute, minute + 1, 1, "");
    return found.empty() ? -1 : found[0].second.sum();
  };
  EXPECT_EQ(sum("Count"), 2);
  EXPECT_EQ(sum("4XXError"), 0);
  EXPECT_EQ(sum("5XXError"), 1);
  EXPECT_GE(sum("Latency"), 0);
}

TEST_F(ServeTest, LeavesASlowFunctionToItself) {
  Patch("/tracingEnabled", "true");
  PutIntegration(50);
  Deploy();
  function_timeout_ = 60;
  blocked_ = true;
  const auto answer = Get();
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, R"({"message": "Endpoint request timed out"})");
  EXPECT_EQ(*answer.headers.Find("x-amzn-ErrorType"), "InternalServerErrorException");
  EXPECT_EQ(served_.error, "INTEGRATION_TIMEOUT");
  recorder_.Flush();
  ASSERT_EQ(segments_.size(), 1U);  // whole, though the function still runs
  ASSERT_EQ(segments_[0].subsegments.size(), 1U);
  EXPECT_TRUE(segments_[0].subsegments[0].fault);
  Release();
  service_.functions.Stop();
  EXPECT_EQ(invocations_.load(), 1);
}

TEST_F(ServeTest, WaitsForAFunctionThatMayBeSlowButIsNot) {
  function_timeout_ = 60;
  EXPECT_EQ(Get().status, 200);
  EXPECT_EQ(Get().status, 200);
  EXPECT_EQ(invocations_.load(), 2);
}

TEST_F(ServeTest, LogsByTheSettingsOfTheStage) {
  EXPECT_EQ(Get().status, 200);  // off by itself
  Patch("/*/*/logging/loglevel", "INFO");
  EXPECT_EQ(Get().status, 200);
  Patch("/*/*/logging/loglevel", "ERROR");
  EXPECT_EQ(Get().status, 200);
  payload_ = "[]";
  EXPECT_EQ(Get().status, 502);
  service_.logs.Stop();
  std::vector<std::string> ends;
  for (const std::string& line : log_lines_) {
    EXPECT_TRUE(line.starts_with("API-Gateway-Execution-Logs_" + api_ + "/dev: (")) << line;
    ends.push_back(line.substr(line.find(") ") + 2));
  }
  // Each setting begins a stream of its own; within one the order is kept.
  ASSERT_EQ(ends.size(), 8U) << testing::PrintToString(ends);
  if (ends[0].starts_with("Execution failed")) std::ranges::rotate(ends, ends.begin() + 3);
  EXPECT_THAT(
      ends,
      ElementsAre(HasSubstr("Extended Request Id: "),
                  HasSubstr("Endpoint request URI: https://lambda.us-east-1.amazonaws.com/"),
                  HasSubstr("Sending request to "),
                  HasSubstr("Received response. Status: 200, Integration latency: "),
                  "Method completed with status: 200",
                  "Execution failed due to configuration error: Malformed Lambda proxy response",
                  HasSubstr("Reason: the function's answer is no proxy response"),
                  "Method completed with status: 502"));
}

TEST_F(ServeTest, ServesASnapshotUntilTheNextDeployment) {
  EXPECT_EQ(Get().status, 200);
  ASSERT_TRUE(dispatcher_.Call<api::DeleteIntegration>(
      {.rest_api_id = api_, .resource_id = root_, .http_method = "GET"}, context_));
  EXPECT_EQ(Get().status, 200);
  ASSERT_TRUE(dispatcher_.Call<api::DeleteMethod>(
      {.rest_api_id = api_, .resource_id = root_, .http_method = "GET"}, context_));
  EXPECT_EQ(Get().status, 200);
}

TEST_F(ServeTest, RefusesWhatCannotBeRead) {
  EXPECT_EQ(Get("?a=%zz").status, 400);
  EXPECT_EQ(Get("%ff").status, 400);
}

}  // namespace
}  // namespace usher::apigateway
