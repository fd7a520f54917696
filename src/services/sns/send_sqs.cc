// sqs: a message in a queue, in the envelope or as it was published.
#include "base/encoding.h"
#include "base/text.h"
#include "services/sns/delivery.h"

namespace usher::sns {

Result<void> SendToQueue(const Service& service, std::string_view queue_arn, std::string text,
                         const std::map<std::string, MessageAttribute>& attributes) {
  const auto parts = Split(queue_arn, ':');
  if (parts.size() != 6) return InvalidInput("'" + std::string(queue_arn) + "' is no queue's ARN");
  const wire::Service* sqs = wire::FindService("sqs");
  const wire::Operation* send = sqs ? wire::FindOperation(*sqs, "SendMessage") : nullptr;
  if (!send) return Unsupported("SQS SendMessage is not supported by Usher");
  ValueMap request;
  // Queues are told apart by the end of their URL.
  request.Append("QueueUrl",
                 "http://localhost/" + std::string(parts[4]) + "/" + std::string(parts[5]));
  request.Append("MessageBody", std::move(text));
  if (!attributes.empty()) {
    ValueMap map;
    for (const auto& [name, attribute] : attributes) {
      ValueMap one;
      one.Append("DataType", attribute.type);
      if (attribute.type.starts_with("Binary")) {
        auto bytes = Base64Decode(attribute.value);
        if (!bytes) return Corrupt("a stored message has an attribute that cannot be read");
        one.Append("BinaryValue", Blob{*std::move(bytes)});
      } else {
        one.Append("StringValue", attribute.value);
      }
      map.Append(name, std::move(one));
    }
    request.Append("MessageAttributes", std::move(map));
  }
  wire::CallContext context;
  context.now = service.clock.Now();
  context.region = parts[3];
  const auto sent = service.dispatcher.Call(*send, Value(std::move(request)), context);
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
