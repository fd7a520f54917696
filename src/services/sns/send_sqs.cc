// sqs: a message in a queue, in the envelope or as it was published.
#include "base/encoding.h"
#include "base/text.h"
#include "services/sns/delivery.h"
#include "wire/sqs.h"

namespace usher::sns {
namespace {

constexpr std::size_t kArnParts = 6;

using QueueAttributes = std::map<std::string, usher::api::sqs::MessageAttributeValue>;

Result<QueueAttributes> ForQueue(const std::map<std::string, MessageAttribute>& attributes) {
  QueueAttributes result;
  for (const auto& [name, attribute] : attributes) {
    usher::api::sqs::MessageAttributeValue value{.data_type = attribute.type};
    if (attribute.type.starts_with("Binary")) {
      auto bytes = Base64Decode(attribute.value);
      if (!bytes) return Corrupt("a stored message has an attribute that cannot be read");
      value.binary_value = *std::move(bytes);
    } else {
      value.string_value = attribute.value;
    }
    result.emplace(name, std::move(value));
  }
  return result;
}

}  // namespace

Result<void> SendToQueue(const Service& service, std::string_view queue_arn, std::string text,
                         const std::map<std::string, MessageAttribute>& attributes) {
  const auto parts = Split(queue_arn, ':');
  if (parts.size() != kArnParts) {
    return InvalidInput("'" + std::string(queue_arn) + "' is no queue's ARN");
  }
  usher::api::sqs::SendMessageRequest request{
      // Queues are told apart by the end of their URL.
      .queue_url = "http://localhost/" + std::string(parts[4]) + "/" + std::string(parts[5]),
      .message_body = std::move(text)};
  if (!attributes.empty()) {
    auto converted = ForQueue(attributes);
    if (!converted) return converted.error();
    request.message_attributes = *std::move(converted);
  }
  wire::CallContext context;
  context.now = service.clock.Now();
  context.region = parts[3];
  const auto sent = service.dispatcher.Call<usher::api::sqs::SendMessage>(request, context);
  if (!sent) return sent.error();
  return {};
}

Result<void> SendToQueue(const Parcel& parcel, Service& service) {
  const auto set = parcel.subscription.attributes.find("RawMessageDelivery");
  if (set != parcel.subscription.attributes.end() && set->second == "true") {
    return SendToQueue(service, parcel.subscription.endpoint, parcel.message.text,
                       parcel.message.attributes);
  }
  auto envelope = Envelope(parcel.message, parcel.subscription, parcel.topic, service.signer);
  if (!envelope) return envelope.error();
  return SendToQueue(service, parcel.subscription.endpoint, *std::move(envelope), {});
}

}  // namespace usher::sns
