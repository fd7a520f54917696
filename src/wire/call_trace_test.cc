#include "wire/call_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/byte_source.h"
#include "tracing/recorder.h"
#include "wire/dispatcher.h"
#include "wire/lambda.h"
#include "wire/logs.h"
#include "wire/s3.h"
#include "wire/sts.h"

namespace usher::wire {
namespace {

struct Fixture {
  tracing::Recorder recorder;
  Dispatcher dispatcher;
  std::vector<tracing::Segment> segments;

  Fixture() {
    recorder.AddSink([this](std::span<const tracing::Finished> batch) {
      for (const tracing::Finished& one : batch) segments.push_back(one.segment);
    });
    recorder.Start();
    dispatcher.SetTelemetry(&recorder, nullptr);
  }
  CallContext Outside() {
    CallContext context;
    context.request_id = "r-1";
    context.trace.recorder = &recorder;
    context.trace.sampled = true;
    return context;
  }
  const std::vector<tracing::Segment>& Recorded() {
    recorder.Flush();
    return segments;
  }
};

std::string TextIn(const tracing::Segment& segment, std::string_view name) {
  const Value* value = segment.aws.Find(name);
  return value != nullptr && value->as_string() != nullptr ? *value->as_string() : "";
}

TEST(CallTrace, ACallFromOutsideIsASegment) {
  Fixture fixture;
  fixture.dispatcher.Handle<api::s3::CreateBucket>(
      [](const auto&, CallContext&) -> Result<api::s3::CreateBucketOutput> {
        return api::s3::CreateBucketOutput{};
      });
  CallContext context = fixture.Outside();
  HttpRequest request{.method = "PUT", .target = "/films?X-Amz-Signature=secret"};
  request.headers.Add("User-Agent", "Boto3/1");
  context.http = &request;
  context.endpoint = "http://127.0.0.1:4566";
  context.peer = "127.0.0.1";

  ASSERT_TRUE(fixture.dispatcher.Call<api::s3::CreateBucket>({.bucket = "films"}, context));

  ASSERT_EQ(fixture.Recorded().size(), 1U);
  const tracing::Segment& segment = fixture.segments[0];
  EXPECT_EQ(segment.name, "S3");
  EXPECT_EQ(segment.origin, "AWS::S3");
  EXPECT_EQ(segment.trace_id, context.trace.root);
  EXPECT_EQ(*segment.http, (tracing::HttpInfo{.method = "PUT",
                                              .url = "http://127.0.0.1:4566/films",
                                              .user_agent = "Boto3/1",
                                              .client_ip = "127.0.0.1",
                                              .status = 200}));
  EXPECT_EQ(TextIn(segment, "operation"), "CreateBucket");
  EXPECT_EQ(TextIn(segment, "bucket_name"), "films");
  EXPECT_EQ(TextIn(segment, "request_id"), "r-1");
  EXPECT_FALSE(segment.error || segment.fault);
}

TEST(CallTrace, CallsOfAHandlerAreItsSubsegments) {
  Fixture fixture;
  fixture.dispatcher.Handle<api::sts::GetCallerIdentity>(
      [](const auto&, CallContext&) -> Result<api::sts::GetCallerIdentityResponse> {
        return Named("AccessDenied", ErrorCode::kAccessDenied, "not you", 403);
      });
  std::string parent;
  fixture.dispatcher.Handle<api::lambda::Invoke>(
      [&](const auto&, CallContext& context) -> Result<api::lambda::InvocationResponse> {
        parent = context.trace.parent;
        return api::lambda::InvocationResponse{.status_code = 200};
      });
  fixture.dispatcher.Handle<api::s3::CreateBucket>(
      [&](const auto&, CallContext& context) -> Result<api::s3::CreateBucketOutput> {
        (void)fixture.dispatcher.Call<api::sts::GetCallerIdentity>({}, context);
        (void)fixture.dispatcher.Call<api::lambda::Invoke>(
            {.function_name = "arn:aws:lambda:us-east-1:000000000000:function:Greet:1"}, context);
        return api::s3::CreateBucketOutput{};
      });
  CallContext context = fixture.Outside();

  ASSERT_TRUE(fixture.dispatcher.Call<api::s3::CreateBucket>({.bucket = "films"}, context));

  ASSERT_EQ(fixture.Recorded().size(), 1U);
  ASSERT_EQ(fixture.segments[0].subsegments.size(), 2U);
  const tracing::Segment& refused = fixture.segments[0].subsegments[0];
  EXPECT_EQ(refused.name, "STS");
  EXPECT_EQ(refused.name_space, "aws");
  EXPECT_TRUE(refused.error);
  EXPECT_EQ(refused.http->status, 403);
  ASSERT_EQ(refused.exceptions.size(), 1U);
  EXPECT_EQ(refused.exceptions[0].type, "AccessDenied");
  EXPECT_TRUE(refused.exceptions[0].remote);
  const tracing::Segment& invoke = fixture.segments[0].subsegments[1];
  EXPECT_EQ(invoke.name, "Lambda");
  EXPECT_EQ(TextIn(invoke, "function_name"), "Greet");
  EXPECT_EQ(tracing::FormatSegmentId(invoke.id), parent);
}

TEST(CallTrace, FailuresAreFaultsOrErrorsByTheirStatus) {
  Fixture fixture;
  bool broken = false;
  fixture.dispatcher.Handle<api::sts::GetCallerIdentity>(
      [&](const auto&, CallContext&) -> Result<api::sts::GetCallerIdentityResponse> {
        if (broken) throw std::runtime_error("broken");
        return Internal("the disk is full");
      });
  fixture.dispatcher.Handle<api::s3::CreateBucket>(
      [](const auto&, CallContext&) -> Result<api::s3::CreateBucketOutput> {
        return api::s3::CreateBucketOutput{};
      });
  CallContext context = fixture.Outside();
  EXPECT_FALSE(fixture.dispatcher.Call<api::sts::GetCallerIdentity>({}, context));
  broken = true;
  EXPECT_THROW((void)fixture.dispatcher.Call<api::sts::GetCallerIdentity>({}, context),
               std::runtime_error);
  EXPECT_FALSE(
      fixture.dispatcher.Call(api::s3::CreateBucket::operation(), Value(ValueMap()), context));

  ASSERT_EQ(fixture.Recorded().size(), 3U);
  EXPECT_TRUE(fixture.segments[0].fault);
  EXPECT_TRUE(fixture.segments[1].fault);
  EXPECT_TRUE(fixture.segments[2].error);
  EXPECT_FALSE(fixture.segments[2].fault);
}

TEST(CallTrace, LeavesOutWhatOnlyWatches) {
  Fixture fixture;
  fixture.dispatcher.Handle<api::logs::DescribeLogGroups>(
      [](const auto&, CallContext&) -> Result<api::logs::DescribeLogGroupsResponse> {
        return api::logs::DescribeLogGroupsResponse{};
      });
  fixture.dispatcher.Handle<api::lambda::Invoke>(
      [](const auto&, CallContext&) -> Result<api::lambda::InvocationResponse> {
        return api::lambda::InvocationResponse{};
      });
  CallContext context = fixture.Outside();
  EXPECT_TRUE(fixture.dispatcher.Call<api::logs::DescribeLogGroups>({}, context));
  EXPECT_TRUE(fixture.dispatcher.Call<api::lambda::Invoke>({.function_name = "f"}, context));
  CallContext internal;
  EXPECT_TRUE(fixture.dispatcher.Call<api::lambda::Invoke>({.function_name = "f"}, internal));
  EXPECT_TRUE(fixture.Recorded().empty());
}

TEST(CallTrace, ServicesOfPersonalizeAreOneNode) {
  EXPECT_EQ(NodeName("personalize"), "Personalize");
  EXPECT_EQ(NodeName("personalize-runtime"), "Personalize");
  EXPECT_EQ(NodeName("dynamodb"), "dynamodb");
  EXPECT_EQ(NodeType("S3"), "AWS::S3");
}

}  // namespace
}  // namespace usher::wire
