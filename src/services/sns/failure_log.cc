#include "services/sns/failure_log.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "json/json.h"

namespace usher::sns {
namespace {

constexpr std::string_view kStream = "failures";

// By name, since the service of the logs may not be there.
Result<Value> CallLogs(const Service& service, std::string_view operation, ValueMap request) {
  const wire::Service* logs = wire::FindService("logs");
  const wire::Operation* found = logs ? wire::FindOperation(*logs, operation) : nullptr;
  if (!found) return Unsupported("there are no log groups");
  wire::CallContext context;
  context.now = service.clock.Now();
  return service.dispatcher.Call(*found, Value(std::move(request)), context);
}

std::string Line(const Parcel& parcel, const jobs::Delivery& delivery, const Error& why, Time now) {
  ValueMap notification;
  notification.Append("messageId", parcel.message.id);
  notification.Append("topicArn", parcel.topic.arn);
  notification.Append("timestamp", FormatIso8601(parcel.message.time));
  ValueMap told;
  told.Append("deliveryId", delivery.id);
  told.Append("subscriptionArn", parcel.subscription.arn);
  told.Append("protocol", parcel.subscription.protocol);
  told.Append("providerResponse", why.message);
  told.Append("attempts", delivery.attempt);
  told.Append("dwellTimeMs", EpochMillis(now) - EpochMillis(delivery.accepted));
  ValueMap line;
  line.Append("notification", std::move(notification));
  line.Append("delivery", std::move(told));
  line.Append("status", "FAILURE");
  return json::Write(line);
}

}  // namespace

std::string LogGroupOf(std::string_view topic_arn) {
  const auto parts = Split(topic_arn, ':');
  std::string group = "sns";
  for (std::size_t i = 3; i < parts.size(); ++i) group += "/" + std::string(parts[i]);
  return group;
}

void TellFailure(const Service& service, const Parcel& parcel, const jobs::Delivery& delivery,
                 const Error& why) {
  Log(LogLevel::kError, "sns: a delivery has failed for good",
      {{"subscription", parcel.subscription.arn},
       {"message", parcel.message.id},
       {"attempts", std::to_string(delivery.attempt)},
       {"why", why.message}});

  const std::string group = LogGroupOf(parcel.topic.arn);
  const Time now = service.clock.Now();
  ValueMap event;
  event.Append("timestamp", EpochMillis(now));
  event.Append("message", Line(parcel, delivery, why, now));
  ValueMap put;
  put.Append("logGroupName", group);
  put.Append("logStreamName", kStream);
  put.Append("logEvents", ValueList{Value(std::move(event))});
  auto written = CallLogs(service, "PutLogEvents", put);
  if (!written && written.error().code == ErrorCode::kNotFound) {
    ValueMap made_group;
    made_group.Append("logGroupName", group);
    ValueMap made_stream = made_group;
    made_stream.Append("logStreamName", kStream);
    for (auto& [operation, request] :
         {std::pair("CreateLogGroup", made_group), std::pair("CreateLogStream", made_stream)}) {
      const auto made = CallLogs(service, operation, request);
      if (!made && made.error().code != ErrorCode::kAlreadyExists) written = made.error();
    }
    written = CallLogs(service, "PutLogEvents", std::move(put));
  }
  if (!written && written.error().code != ErrorCode::kUnsupported) {
    Log(LogLevel::kWarning, "sns: a failure could not be written to its log group",
        {{"group", group}, {"why", written.error().message}});
  }
}

}  // namespace usher::sns
