#include "services/sns/failure_log.h"

#include "base/log.h"
#include "base/text.h"
#include "json/json.h"
#include "wire/logs.h"

namespace usher::sns {
namespace {

namespace logs = usher::api::logs;

constexpr std::string_view kStream = "failures";

// Errors: those of the logs' service; unsupported when there is none.
Result<void> WriteLine(const Service& service, const std::string& group, std::string line) {
  wire::CallContext context;
  context.now = service.clock.Now();
  const logs::PutLogEventsRequest put{
      .log_group_name = group,
      .log_stream_name = std::string(kStream),
      .log_events = {{.timestamp = EpochMillis(context.now), .message = std::move(line)}}};
  const auto written = service.dispatcher.Call<logs::PutLogEvents>(put, context);
  if (written) return {};
  if (written.error().code != ErrorCode::kNotFound) return written.error();

  // The first line of a topic. Whoever else writes one makes them at the same time.
  const auto made_group =
      service.dispatcher.Call<logs::CreateLogGroup>({.log_group_name = group}, context);
  if (!made_group && made_group.error().code != ErrorCode::kAlreadyExists) {
    return made_group.error();
  }
  const auto made_stream = service.dispatcher.Call<logs::CreateLogStream>(
      {.log_group_name = group, .log_stream_name = std::string(kStream)}, context);
  if (!made_stream && made_stream.error().code != ErrorCode::kAlreadyExists) {
    return made_stream.error();
  }
  const auto again = service.dispatcher.Call<logs::PutLogEvents>(put, context);
  if (!again) return again.error();
  return {};
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
  const auto written = WriteLine(service, group, Line(parcel, delivery, why, service.clock.Now()));
  if (!written && written.error().code != ErrorCode::kUnsupported) {
    Log(LogLevel::kWarning, "sns: a failure could not be written to its log group",
        {{"group", group}, {"why", written.error().message}});
  }
}

}  // namespace usher::sns
