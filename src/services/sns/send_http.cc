// http and https: a POST to the subscriber, through the guard of outbound/http_client.h.
#include "services/sns/delivery.h"

namespace usher::sns {
namespace {

constexpr int kTooManyRequests = 429;

// Client errors and redirects will not pass by themselves; the server's own may.
Result<void> Judge(int status) {
  if (status >= 200 && status < 300) return {};
  const std::string said = "the endpoint answered " + std::to_string(status);
  if (status >= 300 && status < 400) return InvalidInput(said + "; redirects are not followed");
  if (status >= 400 && status < 500 && status != kTooManyRequests) return InvalidInput(said);
  return Internal(said);
}

}  // namespace

Result<void> SendHttp(const Parcel& parcel, Service& service) {
  const Message& message = parcel.message;
  const bool is_confirmation = message.kind == Message::Kind::kConfirmation;
  const auto set = parcel.subscription.attributes.find("RawMessageDelivery");
  const bool raw =
      !is_confirmation && set != parcel.subscription.attributes.end() && set->second == "true";
  outbound::HttpPost post{
      .url = parcel.subscription.endpoint,
      .headers = {
          {"Content-Type", "text/plain; charset=UTF-8"},
          {"User-Agent", "Amazon Simple Notification Service Agent"},
          {"Expect", ""},
          {"x-amz-sns-message-type", is_confirmation ? "SubscriptionConfirmation" : "Notification"},
          {"x-amz-sns-message-id", message.id},
          {"x-amz-sns-topic-arn", parcel.topic.arn}}};
  if (!is_confirmation) {
    post.headers.emplace_back("x-amz-sns-subscription-arn", parcel.subscription.arn);
  }
  if (raw) {
    post.headers.emplace_back("x-amz-sns-rawdelivery", "true");
    post.body = message.text;
  } else {
    auto envelope = Envelope(message, parcel.subscription, parcel.topic, service.signer);
    if (!envelope) return envelope.error();
    post.body = *std::move(envelope);
  }
  const auto answer = service.http.Post(post);
  return answer ? Judge(answer->status) : answer.error();
}

}  // namespace usher::sns
