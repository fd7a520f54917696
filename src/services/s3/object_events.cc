#include "services/s3/object_events.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "json/json.h"
#include "wire/lambda.h"
#include "wire/sns.h"
#include "wire/sqs.h"

namespace usher::s3 {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::string_view kLane = "s3/events";
constexpr int kThreads = 4;
constexpr int kThreadsPerTarget = 2;
constexpr milliseconds kFirstRetry{1'000};
constexpr milliseconds kLongestRetry{5 * 60'000};
constexpr hours kGivenUpAfter{24};
constexpr std::string_view kTopicSubject = "Amazon S3 Notification";

// As records name them.
std::string_view NameOf(ObjectEvent event) {
  switch (event) {
    case ObjectEvent::kPut:
      return "ObjectCreated:Put";
    case ObjectEvent::kCopy:
      return "ObjectCreated:Copy";
    case ObjectEvent::kCompleteMultipartUpload:
      return "ObjectCreated:CompleteMultipartUpload";
    case ObjectEvent::kDelete:
      break;
  }
  return "ObjectRemoved:Delete";
}

std::string_view NameOf(TargetKind kind) {
  switch (kind) {
    case TargetKind::kFunction:
      return "function";
    case TargetKind::kTopic:
      return "topic";
    case TargetKind::kQueue:
      break;
  }
  return "queue";
}

// Form-encoded: a space becomes '+', '/' stays.
std::string EncodeKey(std::string_view key) {
  std::string encoded = PercentEncode(key, /*keep_slash=*/true);
  for (std::size_t at = encoded.find("%20"); at != std::string::npos;
       at = encoded.find("%20", at)) {
    encoded.replace(at, 3, "+");
  }
  return encoded;
}

std::string PrincipalOf(const wire::Caller& caller) {
  const bool is_root = caller.access_key_id.empty() || caller.arn.ends_with(":root");
  return "AWS:" + (is_root ? caller.account_id : caller.access_key_id);
}

ValueMap ObjectOf(ObjectEvent event, const storage::ObjectInfo& object, std::string sequencer) {
  ValueMap map;
  map.Append("key", EncodeKey(object.key));
  if (event != ObjectEvent::kDelete) {
    map.Append("size", static_cast<std::int64_t>(object.size));
    map.Append("eTag", object.etag);
  }
  map.Append("sequencer", std::move(sequencer));
  return map;
}

std::string RecordOf(ObjectEvent event, const NotificationRule& rule, const std::string& bucket,
                     const storage::ObjectInfo& object, std::string sequencer,
                     const wire::CallContext& context) {
  ValueMap who;
  who.Append("principalId", PrincipalOf(context.caller));
  ValueMap owner;
  owner.Append("principalId", context.caller.account_id);
  ValueMap parameters;
  parameters.Append("sourceIPAddress", context.peer.empty() ? "127.0.0.1" : context.peer);
  ValueMap answer;
  answer.Append("x-amz-request-id", context.request_id);
  answer.Append("x-amz-id-2", Base64Encode(context.request_id));
  ValueMap of_bucket;
  of_bucket.Append("name", bucket);
  of_bucket.Append("ownerIdentity", std::move(owner));
  of_bucket.Append("arn", "arn:aws:s3:::" + bucket);
  ValueMap what;
  what.Append("s3SchemaVersion", "1.0");
  what.Append("configurationId", rule.id);
  what.Append("bucket", std::move(of_bucket));
  what.Append("object", ObjectOf(event, object, std::move(sequencer)));
  ValueMap record;
  record.Append("eventVersion", "2.1");
  record.Append("eventSource", "aws:s3");
  record.Append("awsRegion", context.region);
  record.Append("eventTime", FormatIso8601(context.now));
  record.Append("eventName", std::string(NameOf(event)));
  record.Append("userIdentity", std::move(who));
  record.Append("requestParameters", std::move(parameters));
  record.Append("responseElements", std::move(answer));
  record.Append("s3", std::move(what));
  ValueMap message;
  message.Append("Records", ValueList{Value(std::move(record))});
  return json::Write(message);
}

// What a delivery carries.
struct Message {
  TargetKind kind = TargetKind::kFunction;
  std::string target;
  std::string rule;
  std::string body;
  wire::CallContext context;
};

std::string Encode(const Message& message) {
  ValueMap map;
  map.Append("kind", std::string(NameOf(message.kind)));
  map.Append("rule", message.rule);
  map.Append("body", message.body);
  map.Append("region", message.context.region);
  map.Append("root", message.context.trace.root);
  map.Append("parent", message.context.trace.parent);
  map.Append("sampled", message.context.trace.sampled);
  map.Append("depth", message.context.trace.depth);
  return json::Write(map);
}

Result<Message> Decode(const jobs::Delivery& delivery) {
  const auto value = json::Parse(delivery.payload);
  if (!value) return Corrupt("event: " + value.error().message);
  const auto text = [&](std::string_view name) {
    const Value* member = value->Find(name);
    const std::string* is = member ? member->as_string() : nullptr;
    return is ? *is : std::string();
  };
  Message message{.target = delivery.key, .rule = text("rule"), .body = text("body")};
  const std::string kind = text("kind");
  for (const TargetKind one : {TargetKind::kFunction, TargetKind::kTopic, TargetKind::kQueue}) {
    if (kind == NameOf(one)) message.kind = one;
  }
  message.context.region = text("region");
  message.context.trace.root = text("root");
  message.context.trace.parent = text("parent");
  const Value* sampled = value->Find("sampled");
  message.context.trace.sampled = sampled && sampled->as_bool() && *sampled->as_bool();
  const Value* depth = value->Find("depth");
  if (depth && depth->as_int()) message.context.trace.depth = static_cast<int>(*depth->as_int());
  return message;
}

// arn:aws:sqs:REGION:ACCOUNT:NAME
std::string LastPart(std::string_view arn) { return std::string(arn.substr(arn.rfind(':') + 1)); }

Result<void> SendToFunction(const wire::Dispatcher& dispatcher, const Message& message,
                            wire::CallContext& context) {
  const auto invoked = dispatcher.Call<api::lambda::Invoke>(
      {.function_name = message.target, .invocation_type = "Event", .payload = message.body},
      context);
  return invoked ? Result<void>() : invoked.error();
}

Result<void> SendToTopic(const wire::Dispatcher& dispatcher, const Message& message,
                         wire::CallContext& context) {
  const auto published = dispatcher.Call<api::sns::Publish>(
      {.topic_arn = message.target, .message = message.body, .subject = std::string(kTopicSubject)},
      context);
  return published ? Result<void>() : published.error();
}

Result<void> SendToQueue(const wire::Dispatcher& dispatcher, const Message& message,
                         wire::CallContext& context) {
  const auto queue =
      dispatcher.Call<api::sqs::GetQueueUrl>({.queue_name = LastPart(message.target)}, context);
  if (!queue) return queue.error();
  const auto sent = dispatcher.Call<api::sqs::SendMessage>(
      {.queue_url = queue->queue_url.value_or(""), .message_body = message.body}, context);
  return sent ? Result<void>() : sent.error();
}

Result<void> Send(const wire::Dispatcher& dispatcher, const Message& message) {
  wire::CallContext context = message.context;
  switch (message.kind) {
    case TargetKind::kFunction:
      return SendToFunction(dispatcher, message, context);
    case TargetKind::kTopic:
      return SendToTopic(dispatcher, message, context);
    case TargetKind::kQueue:
      break;
  }
  return SendToQueue(dispatcher, message, context);
}

// Whether the same call may succeed later without anybody changing anything.
bool MayPass(ErrorCode code) {
  return code == ErrorCode::kThrottled || code == ErrorCode::kInternal ||
         code == ErrorCode::kInUse || code == ErrorCode::kCancelled;
}

milliseconds RetryDelay(int attempt) {
  milliseconds delay = kFirstRetry;
  for (int i = 1; i < attempt && delay < kLongestRetry; ++i) delay *= 2;
  return std::min(delay, kLongestRetry);
}

}  // namespace

struct ObjectEvents::Announcement::Told {
  ObjectEvents* events = nullptr;
  ObjectEvent event = ObjectEvent::kPut;
  std::string bucket;
  std::vector<NotificationRule> rules;
  wire::CallContext context;
  bool enqueued = false;

  void Follow(storage::Batch& batch, const storage::ObjectInfo& object) {
    bool taken = false;
    bool cut = false;
    for (const NotificationRule& rule : rules) {
      if (!TakesEvent(rule, NameOf(event)) || !TakesKey(rule, object.key)) continue;
      taken = true;
      if (rule.kind == TargetKind::kFunction && context.trace.depth >= kMaxDepth) {
        cut = true;
        Log(LogLevel::kError, "circle of events cut",
            {{"bucket", bucket},
             {"key", object.key},
             {"rule", rule.id},
             {"function", rule.target},
             {"reason", "functions have caused this event through " +
                            std::to_string(context.trace.depth) +
                            " others: write where the rule's prefix and suffix do not match"}});
        continue;
      }
      Message message{.kind = rule.kind, .target = rule.target, .rule = rule.id};
      message.body =
          RecordOf(event, rule, bucket, object, events->NextSequencer(context.now), context);
      message.context.region = context.region;
      message.context.trace = context.trace.ForEvents();
      if (rule.kind == TargetKind::kFunction) ++message.context.trace.depth;
      events->deliveries_.Enqueue(batch, kLane, {.key = rule.target, .payload = Encode(message)});
      enqueued = true;
    }
    if (taken || cut) return;
    const std::string nearest = NearestMiss(rules, NameOf(event), object.key);
    if (nearest.empty()) return;
    Log(LogLevel::kInfo, "object matched no rule",
        {{"event", std::string(NameOf(event))},
         {"bucket", bucket},
         {"key", object.key},
         {"nearest", nearest}});
  }
};

ObjectEvents::Announcement::Announcement(std::unique_ptr<Told> told) : told_(std::move(told)) {}

ObjectEvents::Announcement::~Announcement() {
  if (told_ && told_->enqueued) told_->events->deliveries_.Wake();
}

storage::Consequence ObjectEvents::Announcement::consequence() const {
  if (!told_) return nullptr;
  return [told = told_.get()](storage::Batch& batch, const storage::ObjectInfo& object) {
    told->Follow(batch, object);
  };
}

api::s3::NotificationConfiguration NotificationsOf(const storage::Bucket& bucket) {
  const auto setting = bucket.settings.find(kNotificationSetting);
  if (setting == bucket.settings.end()) return {};
  const auto value = json::Parse(setting->second);
  if (!value) {
    Log(LogLevel::kError, "notification rules not readable",
        {{"bucket", bucket.name}, {"reason", value.error().message}});
    return {};
  }
  return api::s3::NotificationConfiguration::FromValue(*value);
}

ObjectEvents::ObjectEvents(wire::Dispatcher& dispatcher, jobs::DeliveryQueue& deliveries,
                           const Clock& clock)
    : dispatcher_(dispatcher), deliveries_(deliveries), clock_(clock) {
  deliveries_.AddLane({.name = std::string(kLane),
                       .deliver = [this](const jobs::Delivery& delivery,
                                         const jobs::StopToken&) { return Deliver(delivery); },
                       .at_once = kThreads,
                       .at_once_per_key = kThreadsPerTarget});
}

ObjectEvents::Announcement ObjectEvents::Announce(ObjectEvent event, const storage::Bucket& bucket,
                                                  const wire::CallContext& context) {
  if (!bucket.settings.contains(kNotificationSetting)) return Announcement(nullptr);
  auto told = std::make_unique<Announcement::Told>();
  told->events = this;
  told->event = event;
  told->bucket = bucket.name;
  told->rules = RulesOf(NotificationsOf(bucket));
  told->context = context;
  return Announcement(std::move(told));
}

Result<void> ObjectEvents::SendTest(const NotificationRule& rule, const std::string& bucket,
                                    const wire::CallContext& context) const {
  ValueMap test;
  test.Append("Service", "Amazon S3");
  test.Append("Event", "s3:TestEvent");
  test.Append("Time", FormatIso8601(context.now));
  test.Append("Bucket", bucket);
  test.Append("RequestId", context.request_id);
  test.Append("HostId", Base64Encode(context.request_id));
  Message message{.kind = rule.kind, .target = rule.target, .rule = rule.id};
  message.body = json::Write(test);
  message.context.region = context.region;
  return Send(dispatcher_, message);
}

Result<void> ObjectEvents::FindFunction(const std::string& arn,
                                        const wire::CallContext& context) const {
  wire::CallContext own;
  own.region = context.region;
  const auto found = dispatcher_.Call<api::lambda::GetFunction>({.function_name = arn}, own);
  return found ? Result<void>() : found.error();
}

jobs::Outcome ObjectEvents::Deliver(const jobs::Delivery& delivery) const {
  const auto message = Decode(delivery);
  const auto sent = message ? Send(dispatcher_, *message) : message.error();
  if (sent) return jobs::Outcome::Done();
  const Error& error = sent.error();
  const Time now = clock_.Now();
  const bool again = MayPass(error.code) && now - delivery.accepted < kGivenUpAfter;
  Log(again ? LogLevel::kWarning : LogLevel::kError,
      again ? "event not delivered yet" : "event given up",
      {{"target", delivery.key},
       {"rule", message ? message->rule : ""},
       {"event", delivery.id},
       {"attempt", std::to_string(delivery.attempt)},
       {"reason", error.message}});
  if (!again) return jobs::Outcome::Done();
  return jobs::Outcome::Again(now + RetryDelay(delivery.attempt));
}

// Grows from event to event, also over restarts as long as the clock does.
std::string ObjectEvents::NextSequencer(Time now) {
  const auto floor = static_cast<std::uint64_t>(EpochMillis(now)) << 16;
  std::uint64_t last = last_sequencer_;
  std::uint64_t next = 0;
  do {
    next = std::max(floor, last + 1);
  } while (!last_sequencer_.compare_exchange_weak(last, next));
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llX", static_cast<unsigned long long>(next));
  return text.data();
}

}  // namespace usher::s3
