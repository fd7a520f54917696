#include "services/sns/delivery.h"

#include <algorithm>

#include "base/log.h"
#include "json/json.h"
#include "services/sns/failure_log.h"

namespace usher::sns {
namespace {

bool IsForGood(const Error& error) {
  return error.code == ErrorCode::kInvalidInput || error.code == ErrorCode::kNotFound ||
         error.code == ErrorCode::kAccessDenied || error.code == ErrorCode::kUnsupported;
}

jobs::Outcome TryAgain(Service& service, const jobs::Delivery& delivery,
                       const RetryPolicy& policy) {
  return jobs::Outcome::Again(service.clock.Now() + WaitAfter(delivery.attempt, policy));
}

// The text that a dead-letter queue gets: what the receiver would have got.
Result<std::string> DeadLetter(const Parcel& parcel, Service& service) {
  return Envelope(parcel.message, parcel.subscription, parcel.topic, service.signer);
}

Result<void> Bury(const Parcel& parcel, Service& service) {
  const auto policy = parcel.subscription.attributes.find("RedrivePolicy");
  if (policy == parcel.subscription.attributes.end() ||
      parcel.message.kind == Message::Kind::kConfirmation) {
    return {};
  }
  const auto parsed = json::Parse(policy->second);
  const Value* target = parsed ? parsed->Find("deadLetterTargetArn") : nullptr;
  if (!target || !target->as_string()) return {};
  auto text = DeadLetter(parcel, service);
  if (!text) return text.error();
  return SendToQueue(service, *target->as_string(), *std::move(text), {});
}

}  // namespace

std::chrono::milliseconds WaitAfter(int attempt, const RetryPolicy& policy) {
  constexpr int most_doublings = 20;
  const int doublings = std::clamp(attempt - 1, 0, most_doublings);
  return std::min(policy.longest, policy.first * (std::int64_t{1} << doublings));
}

jobs::Outcome Deliver(Service& service, const jobs::Delivery& delivery, const RetryPolicy& policy,
                      const jobs::StopToken& stop, const Sender& send) {
  auto message = DecodePayload(delivery.payload);
  if (!message) {
    Log(LogLevel::kError, "sns: a delivery cannot be read and is dropped",
        {{"delivery", delivery.id}, {"why", message.error().message}});
    return jobs::Outcome::Done();
  }
  const Catalog catalog(service.store);
  auto subscription = catalog.FindSubscription(message->subscription_arn);
  auto topic = catalog.FindTopic(message->topic_arn);
  for (const Error* error :
       {subscription ? nullptr : &subscription.error(), topic ? nullptr : &topic.error()}) {
    if (!error) continue;
    if (error->code != ErrorCode::kNotFound) return TryAgain(service, delivery, policy);
    Log(LogLevel::kInfo, "sns: the subscription has ended, its message is dropped",
        {{"subscription", message->subscription_arn}, {"message", message->id}});
    return jobs::Outcome::Done();
  }
  if (message->kind == Message::Kind::kConfirmation && subscription->confirmed) {
    return jobs::Outcome::Done();
  }

  const Parcel parcel{.delivery_id = delivery.id,
                      .message = *std::move(message),
                      .subscription = *std::move(subscription),
                      .topic = *std::move(topic)};
  const auto sent = send(parcel);
  if (sent) return jobs::Outcome::Done();
  if (stop) return jobs::Outcome::Interrupted();

  const bool too_old = service.clock.Now() - delivery.accepted > policy.age;
  if (!IsForGood(sent.error()) && !too_old) {
    Log(LogLevel::kWarning, "sns: a delivery failed and is tried again",
        {{"subscription", parcel.subscription.arn},
         {"message", parcel.message.id},
         {"attempt", std::to_string(delivery.attempt)},
         {"why", sent.error().message}});
    return TryAgain(service, delivery, policy);
  }
  if (const auto buried = Bury(parcel, service); !buried) {
    Log(LogLevel::kError, "sns: the dead-letter queue did not take a message",
        {{"subscription", parcel.subscription.arn},
         {"message", parcel.message.id},
         {"why", buried.error().message}});
    if (!IsForGood(buried.error())) return TryAgain(service, delivery, policy);
  }
  TellFailure(service, parcel, delivery, sent.error());
  return jobs::Outcome::Done();
}

}  // namespace usher::sns
