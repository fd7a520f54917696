#include "services/lambda/destinations.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "json/json.h"
#include "log_events/as_utf8.h"

namespace usher::lambda {
namespace {

constexpr int kThreads = 4;
constexpr int kAttempts = 12;
constexpr std::chrono::seconds kFirstPause{5};  // doubles up to
constexpr std::chrono::seconds kMaxPause{900};

// "sns", "sqs", "lambda"; empty for anything else.
std::string_view ServiceOf(std::string_view arn) {
  const auto parts = Split(arn, ':');
  if (parts.size() < 6 || parts[0] != "arn") return {};
  const bool known = parts[2] == "sns" || parts[2] == "sqs" || parts[2] == "lambda";
  return known ? parts[2] : std::string_view();
}

// What the function gave, as JSON where it is JSON.
Value PayloadValue(std::string_view payload) {
  auto value = json::Parse(payload);
  return value ? *std::move(value) : Value(log_events::AsUtf8(payload));
}

Result<Value> Call(const Service& service, std::string_view service_id, std::string_view operation,
                   ValueMap request, const std::string& region) {
  const wire::Service* callee = wire::FindService(service_id);
  wire::CallContext context;
  context.region = region;
  return service.dispatcher.Call(*wire::FindOperation(*callee, operation), std::move(request),
                                 context);
}

Result<void> Send(const Service& service, const std::string& arn, const std::string& body) {
  const auto parts = Split(arn, ':');
  const std::string region(parts[3]);
  ValueMap request;
  if (parts[2] == "sns") {
    request.Append("TopicArn", arn);
    request.Append("Message", body);
    const auto sent = Call(service, "sns", "Publish", std::move(request), region);
    return sent ? Result<void>() : sent.error();
  }
  if (parts[2] == "sqs") {
    request.Append("QueueName", parts[5]);
    const auto url = Call(service, "sqs", "GetQueueUrl", std::move(request), region);
    if (!url) return url.error();
    const Value* text = url->Find("QueueUrl");
    ValueMap message;
    message.Append("QueueUrl", text != nullptr ? *text : Value(""));
    message.Append("MessageBody", body);
    const auto sent = Call(service, "sqs", "SendMessage", std::move(message), region);
    return sent ? Result<void>() : sent.error();
  }
  request.Append("FunctionName", arn);
  request.Append("InvocationType", "Event");
  request.Append("Payload", Blob{body});
  const auto sent = Call(service, "lambda", "Invoke", std::move(request), region);
  return sent ? Result<void>() : sent.error();
}

jobs::Outcome Deliver(const jobs::Delivery& delivery, Service& service) {
  const auto sent = Send(service, delivery.key, delivery.payload);
  if (sent) return jobs::Outcome::Done();
  const bool hopeless = sent.error().code == ErrorCode::kUnsupported ||
                        sent.error().code == ErrorCode::kNotFound ||
                        sent.error().code == ErrorCode::kInvalidInput;
  if (hopeless || delivery.attempt >= kAttempts) {
    Log(LogLevel::kError,
        "the record of an invocation is dropped: its destination does not take it",
        {{"destination", delivery.key},
         {"attempts", std::to_string(delivery.attempt)},
         {"reason", sent.error().message}});
    return jobs::Outcome::Done();
  }
  const auto pause = std::min(kMaxPause, kFirstPause * (1 << (delivery.attempt - 1)));
  return jobs::Outcome::Again(service.clock.Now() + pause);
}

std::string DestinationOf(const InvocationEnd& end) {
  const auto& config = end.target.event_config.destination_config;
  if (!config) return {};
  if (end.condition == "Success") {
    return config->on_success ? config->on_success->destination.value_or("") : "";
  }
  return config->on_failure ? config->on_failure->destination.value_or("") : "";
}

}  // namespace

bool IsDestination(std::string_view arn) { return !ServiceOf(arn).empty(); }

std::string RecordOf(const InvocationEnd& end, Time now) {
  const api::FunctionConfiguration& config = end.target.version.configuration;
  ValueMap request;
  request.Append("requestId", end.event.request_id);
  request.Append(
      "functionArn",
      FunctionArn(end.event.region, end.target.function.name,
                  end.event.qualifier.empty() ? kLatest : std::string_view(end.event.qualifier)));
  request.Append("condition", end.condition);
  request.Append("approximateInvokeCount", end.attempts);
  ValueMap record;
  record.Append("version", "1.0");
  record.Append("timestamp", FormatIso8601(now));
  record.Append("requestContext", std::move(request));
  record.Append("requestPayload", PayloadValue(end.event.payload));
  if (end.result != nullptr) {
    ValueMap response;
    response.Append("statusCode", 200);
    response.Append("executedVersion", config.version.value_or(std::string(kLatest)));
    if (end.result->kind != InvocationResult::Kind::kResponse) {
      response.Append("functionError", "Unhandled");
    }
    record.Append("responseContext", std::move(response));
    record.Append("responsePayload", PayloadValue(end.result->payload));
  }
  return json::Write(record);
}

void SendToDestination(const InvocationEnd& end, Service& service, storage::Batch& batch) {
  const std::string destination = DestinationOf(end);
  if (!destination.empty()) {
    service.deliveries.Enqueue(batch, kDestinationLane,
                               {.key = destination, .payload = RecordOf(end, service.clock.Now())});
  }
  const auto& dead_letters = end.target.version.configuration.dead_letter_config;
  if (end.condition != "Success" && dead_letters &&
      IsDestination(dead_letters->target_arn.value_or(""))) {
    service.deliveries.Enqueue(batch, kDestinationLane,
                               {.key = *dead_letters->target_arn, .payload = end.event.payload});
  }
}

void AddDestinationLane(Service& service) {
  service.deliveries.AddLane(
      {.name = std::string(kDestinationLane),
       .deliver = [&service](
                      const jobs::Delivery& delivery,
                      const jobs::StopToken& /*stop*/) { return Deliver(delivery, service); },
       .at_once = kThreads});
}

}  // namespace usher::lambda
