#include "services/s3/object_events.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "json/json.h"
#include "services/s3/test_service.h"
#include "wire/lambda.h"
#include "wire/sns.h"
#include "wire/sqs.h"

namespace usher::s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kFunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:f";
constexpr const char* kTopicArn = "arn:aws:sns:us-east-1:000000000000:t";
constexpr const char* kQueueArn = "arn:aws:sqs:us-east-1:000000000000:q";

// Stands for the other services: keeps what they are sent.
class Receivers {
 public:
  void Register(wire::Dispatcher& dispatcher) {
    dispatcher.Handle<api::lambda::Invoke>(
        [this](const api::lambda::Invoke::Request& request,
               wire::CallContext& context) -> Result<api::lambda::Invoke::Response> {
          EXPECT_EQ(request.invocation_type, "Event");
          return Take<api::lambda::Invoke::Response>(request.function_name, *request.payload,
                                                     context);
        });
    dispatcher.Handle<api::lambda::GetFunction>(
        [](const api::lambda::GetFunction::Request& request,
           wire::CallContext&) -> Result<api::lambda::GetFunction::Response> {
          if (request.function_name != kFunctionArn) return NotFound("no such function");
          return api::lambda::GetFunction::Response{};
        });
    dispatcher.Handle<api::sns::Publish>(
        [this](const api::sns::Publish::Request& request,
               wire::CallContext& context) -> Result<api::sns::Publish::Response> {
          return Take<api::sns::Publish::Response>(*request.topic_arn, request.message, context);
        });
    dispatcher.Handle<api::sqs::GetQueueUrl>(
        [](const api::sqs::GetQueueUrl::Request& request,
           wire::CallContext&) -> Result<api::sqs::GetQueueUrl::Response> {
          return api::sqs::GetQueueUrl::Response{.queue_url = "url of " + request.queue_name};
        });
    dispatcher.Handle<api::sqs::SendMessage>(
        [this](const api::sqs::SendMessage::Request& request,
               wire::CallContext& context) -> Result<api::sqs::SendMessage::Response> {
          return Take<api::sqs::SendMessage::Response>(request.queue_url, request.message_body,
                                                       context);
        });
  }

  struct Got {
    std::string target;
    Value body;
    wire::CallContext context;
  };
  std::vector<Got> WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return got_.size() >= count; }));
    return got_;
  }
  int Refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  void FailWith(Error error, int times) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(error);
    failures_ = times;
  }

 private:
  template <typename Response>
  Result<Response> Take(const std::string& target, const std::string& body,
                        const wire::CallContext& context) {
    const std::lock_guard lock(mutex_);
    if (failures_ > 0) {
      --failures_;
      ++refused_;
      return failure_;
    }
    const auto parsed = json::Parse(body);
    EXPECT_TRUE(parsed) << body;
    got_.push_back({target, *parsed, context});
    changed_.notify_all();
    return Response{};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Got> got_;
  Error failure_;
  int failures_ = 0;
  int refused_ = 0;
};

// The member at the end of a path through objects: "s3.object.key".
const Value* At(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* at = &value;
  for (const std::string_view name : path) at = at ? at->Find(name) : nullptr;
  return at;
}

class ObjectEventsTest : public S3Test {
 protected:
  ObjectEventsTest() {
    receivers_.Register(dispatcher_);
    Check(deliveries_->Start().has_value(), "deliveries start");
  }
  ~ObjectEventsTest() override { deliveries_->Stop(); }

  static api::s3::NotificationConfiguration ToFunction(const std::string& event,
                                                       const std::string& prefix,
                                                       const std::string& suffix) {
    return {
        .lambda_function_configurations = {
            {{.id = "Rule",
              .lambda_function_arn = kFunctionArn,
              .events = {event},
              .filter = {{.key = {{.filter_rules = {{{.name = "prefix", .value = prefix},
                                                     {.name = "suffix", .value = suffix}}}}}}}}}}};
  }
  Result<void> Configure(api::s3::NotificationConfiguration configuration, bool skip = false) {
    const auto put = Call<api::s3::PutBucketNotificationConfiguration>(
        {.bucket = "bucket",
         .notification_configuration = std::move(configuration),
         .skip_destination_validation = skip});
    return put ? Result<void>() : put.error();
  }
  static const Value& RecordOf(const Receivers::Got& got) {
    return At(got.body, {"Records"})->as_list()->at(0);
  }
  static std::string TextOf(const Value& record, std::initializer_list<std::string_view> path) {
    const Value* at = At(record, path);
    return at && at->as_string() ? *at->as_string() : "<none>";
  }
  std::size_t Undelivered() {
    return documents_->List("delivery/s3/events", std::nullopt, 0, 1000)->documents.size();
  }

  Receivers receivers_;
};

TEST_F(ObjectEventsTest, AStoredObjectBecomesARecordAtTheFunction) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "in/", ".json")));
  ASSERT_TRUE(Put("in/my users+é.json", "hello"));
  const auto got = receivers_.WaitFor(1);
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(got[0].target, kFunctionArn);
  const Value& record = RecordOf(got[0]);
  EXPECT_EQ(TextOf(record, {"eventVersion"}), "2.1");
  EXPECT_EQ(TextOf(record, {"eventSource"}), "aws:s3");
  EXPECT_EQ(TextOf(record, {"awsRegion"}), "us-east-1");
  EXPECT_EQ(TextOf(record, {"eventTime"}), "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(TextOf(record, {"eventName"}), "ObjectCreated:Put");
  EXPECT_EQ(TextOf(record, {"s3", "s3SchemaVersion"}), "1.0");
  EXPECT_EQ(TextOf(record, {"s3", "configurationId"}), "Rule");
  EXPECT_EQ(TextOf(record, {"s3", "bucket", "name"}), "bucket");
  EXPECT_EQ(TextOf(record, {"s3", "bucket", "arn"}), "arn:aws:s3:::bucket");
  EXPECT_EQ(TextOf(record, {"s3", "object", "key"}), "in/my+users%2B%C3%A9.json");
  EXPECT_EQ(TextOf(record, {"s3", "object", "eTag"}), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(*At(record, {"s3", "object", "size"})->as_int(), 5);
}

TEST_F(ObjectEventsTest, OtherKeysAndEventsAreNotSent) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "in/", ".json")));
  ASSERT_TRUE(Put("in/users.csv", "x"));
  ASSERT_TRUE(Put("out/users.json", "x"));
  ASSERT_TRUE(Put("in/users.json", "x"));
  ASSERT_TRUE(Call<api::s3::DeleteObject>({.bucket = "bucket", .key = "in/users.json"}));
  const auto got = receivers_.WaitFor(1);
  EXPECT_THAT(got, SizeIs(1));
  EXPECT_EQ(TextOf(RecordOf(got[0]), {"s3", "object", "key"}), "in/users.json");
}

TEST_F(ObjectEventsTest, EveryWayToStoreAndRemoveHasItsName) {
  api::s3::NotificationConfiguration both = ToFunction("s3:ObjectCreated:*", "", "");
  both.lambda_function_configurations->front().events.emplace_back("s3:ObjectRemoved:*");
  ASSERT_TRUE(Configure(both));
  ASSERT_TRUE(Put("a", "x"));
  ASSERT_TRUE(
      Call<api::s3::CopyObject>({.bucket = "bucket", .copy_source = "bucket/a", .key = "b"}));
  const auto upload = Call<api::s3::CreateMultipartUpload>({.bucket = "bucket", .key = "c"});
  ASSERT_TRUE(upload);
  const auto part = Call<api::s3::UploadPart>({.body = Body("part"),
                                               .bucket = "bucket",
                                               .key = "c",
                                               .part_number = 1,
                                               .upload_id = *upload->upload_id});
  ASSERT_TRUE(part);
  ASSERT_TRUE(Call<api::s3::CompleteMultipartUpload>(
      {.bucket = "bucket",
       .key = "c",
       .multipart_upload = {{.parts = {{{.e_tag = part->e_tag, .part_number = 1}}}}},
       .upload_id = *upload->upload_id}));
  ASSERT_TRUE(Call<api::s3::DeleteObject>({.bucket = "bucket", .key = "a"}));
  ASSERT_TRUE(Call<api::s3::DeleteObject>({.bucket = "bucket", .key = "never there"}));
  ASSERT_TRUE(Call<api::s3::DeleteObjects>(
      {.bucket = "bucket", .delete_ = {.objects = {{.key = "b"}, {.key = "nor there"}}}}));

  std::vector<std::string> names;
  for (const auto& got : receivers_.WaitFor(5)) {
    const Value& record = RecordOf(got);
    names.push_back(TextOf(record, {"eventName"}) + " " + TextOf(record, {"s3", "object", "key"}));
    const bool removed = TextOf(record, {"eventName"}).starts_with("ObjectRemoved");
    EXPECT_EQ(At(record, {"s3", "object", "size"}) == nullptr, removed);
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("ObjectCreated:Put a", "ObjectCreated:Copy b",
                                            "ObjectCreated:CompleteMultipartUpload c",
                                            "ObjectRemoved:Delete a", "ObjectRemoved:Delete b"));
}

TEST_F(ObjectEventsTest, SequencersGrow) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "", "")));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Put("key", "x"));
  std::vector<std::string> sequencers;
  for (const auto& got : receivers_.WaitFor(5)) {
    sequencers.push_back(TextOf(RecordOf(got), {"s3", "object", "sequencer"}));
  }
  std::ranges::sort(sequencers);
  EXPECT_EQ(std::ranges::unique(sequencers).size(), 0U);
  EXPECT_THAT(sequencers, testing::Each(testing::MatchesRegex("[0-9A-F]{16}")));
}

TEST_F(ObjectEventsTest, TopicAndQueueGetATestMessageAndThenTheRecords) {
  ASSERT_TRUE(Configure(
      {.topic_configurations = {{{.topic_arn = kTopicArn, .events = {"s3:ObjectCreated:*"}}}},
       .queue_configurations = {{{.queue_arn = kQueueArn, .events = {"s3:ObjectRemoved:*"}}}}}));
  auto got = receivers_.WaitFor(2);
  EXPECT_EQ(got[0].target, kTopicArn);
  EXPECT_EQ(TextOf(got[0].body, {"Event"}), "s3:TestEvent");
  EXPECT_EQ(TextOf(got[0].body, {"Bucket"}), "bucket");
  EXPECT_EQ(got[1].target, "url of q");
  ASSERT_TRUE(Put("a", "x"));
  EXPECT_EQ(receivers_.WaitFor(3)[2].target, kTopicArn);
  ASSERT_TRUE(Call<api::s3::DeleteObject>({.bucket = "bucket", .key = "a"}));
  EXPECT_EQ(receivers_.WaitFor(4)[3].target, "url of q");
}

TEST_F(ObjectEventsTest, WhatATargetRefusesForNowIsTriedAgain) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "", "")));
  receivers_.FailWith({ErrorCode::kThrottled, "busy"}, 1);
  ASSERT_TRUE(Put("a", "x"));
  while (receivers_.Refused() < 1) std::this_thread::yield();
  EXPECT_EQ(Undelivered(), 1U);
  clock_.Advance(std::chrono::seconds(2));
  deliveries_->Wake();
  EXPECT_THAT(receivers_.WaitFor(1), SizeIs(1));
}

TEST_F(ObjectEventsTest, AnEventWhoseTargetIsGoneIsGivenUp) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "", "")));
  receivers_.FailWith(NotFound("Function not found"), 1);
  ASSERT_TRUE(Put("lost", "x"));
  for (int i = 0; i < 60'000 && Undelivered() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(Put("b", "x"));
  const auto got = receivers_.WaitFor(1);
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_EQ(TextOf(RecordOf(got[0]), {"s3", "object", "key"}), "b");
}

TEST_F(ObjectEventsTest, AnEventIsThereWithTheObjectAndOutlivesTheServer) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "", "")));
  deliveries_->Stop();
  ASSERT_TRUE(Put("a", "x"));
  EXPECT_EQ(Undelivered(), 1U);

  deliveries_ = jobs::DeliveryQueue::Create(*documents_, clock_);
  const ObjectEvents after_restart(dispatcher_, *deliveries_, clock_);
  ASSERT_TRUE(deliveries_->Start());
  EXPECT_THAT(receivers_.WaitFor(1), SizeIs(1));
  deliveries_->Stop();
}

TEST_F(ObjectEventsTest, AWriteThatFailsAnnouncesNothing) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "", "")));
  deliveries_->Stop();
  EXPECT_EQ(
      ErrorOf<api::s3::PutObject>(
          {.body = Body("x"), .bucket = "bucket", .if_match = "\"0123456789abcdef\"", .key = "a"}),
      "NoSuchKey");
  EXPECT_EQ(Undelivered(), 0U);
}

TEST_F(ObjectEventsTest, ACircleOfEventsIsCut) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "", "")));
  wire::CallContext context;
  context.now = clock_.Now();
  context.trace.depth = kMaxDepth - 1;
  ASSERT_TRUE(dispatcher_.Call<api::s3::PutObject>(
      {.body = Body("x"), .bucket = "bucket", .key = "last"}, context));
  const auto got = receivers_.WaitFor(1);
  EXPECT_EQ(got[0].context.trace.depth, kMaxDepth);
  deliveries_->Stop();
  context.trace.depth = kMaxDepth;
  ASSERT_TRUE(dispatcher_.Call<api::s3::PutObject>(
      {.body = Body("x"), .bucket = "bucket", .key = "too deep"}, context));
  EXPECT_EQ(Undelivered(), 0U);
}

TEST_F(ObjectEventsTest, AConfigurationReplacesTheOneBefore) {
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectCreated:*", "in/", "")));
  ASSERT_TRUE(Configure(ToFunction("s3:ObjectRemoved:*", "out/", "")));
  const auto got = Call<api::s3::GetBucketNotificationConfiguration>({.bucket = "bucket"});
  ASSERT_TRUE(got);
  ASSERT_THAT(got->lambda_function_configurations.value(), SizeIs(1));
  const auto& rule = got->lambda_function_configurations->front();
  EXPECT_EQ(rule.id, "Rule");
  EXPECT_THAT(rule.events, ElementsAre("s3:ObjectRemoved:*"));
  EXPECT_EQ(rule.filter->key->filter_rules->front().value, "out/");

  ASSERT_TRUE(Configure({}));
  const auto none = Call<api::s3::GetBucketNotificationConfiguration>({.bucket = "bucket"});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->lambda_function_configurations);
}

TEST_F(ObjectEventsTest, ATargetThatIsNotThereIsRefusedUnlessTheCheckIsSkipped) {
  auto unknown = ToFunction("s3:ObjectCreated:*", "", "");
  unknown.lambda_function_configurations->front().lambda_function_arn =
      "arn:aws:lambda:us-east-1:000000000000:function:none";
  const auto refused = Configure(unknown);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().wire_name, "InvalidArgument");
  EXPECT_THAT(refused.error().message,
              HasSubstr("Unable to validate the following destination configurations"));
  EXPECT_TRUE(Configure(unknown, /*skip=*/true));
}

TEST_F(ObjectEventsTest, AnotherAccountsBucketIsRefused) {
  EXPECT_EQ(ErrorOf<api::s3::PutBucketNotificationConfiguration>(
                {.bucket = "bucket", .expected_bucket_owner = "111111111111"}),
            "AccessDenied");
}

}  // namespace
}  // namespace usher::s3
