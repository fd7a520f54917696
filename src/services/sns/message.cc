#include "services/sns/message.h"

#include <vector>

#include "base/encoding.h"
#include "json/json.h"

namespace usher::sns {
namespace {

constexpr std::string_view kNotification = "Notification";
constexpr std::string_view kConfirmation = "SubscriptionConfirmation";
constexpr std::string_view kDefaultSignatureVersion = "1";

std::string_view NameOf(Message::Kind kind) {
  return kind == Message::Kind::kNotification ? kNotification : kConfirmation;
}

// Name and value on lines of their own, in the order of the names, for each member there is.
std::string StringToSign(const Message& message, std::string_view subscribe_url) {
  std::string text;
  const auto line = [&](std::string_view name, std::string_view value) {
    text += name;
    text += '\n';
    text += value;
    text += '\n';
  };
  line("Message", message.text);
  line("MessageId", message.id);
  if (message.kind == Message::Kind::kConfirmation) {
    line("SubscribeURL", subscribe_url);
  } else if (message.subject) {
    line("Subject", *message.subject);
  }
  line("Timestamp", FormatIso8601(message.time));
  if (message.kind == Message::Kind::kConfirmation) line("Token", message.token);
  line("TopicArn", message.topic_arn);
  line("Type", NameOf(message.kind));
  return text;
}

// What functions get calls two members otherwise, and names an absent subject.
struct Spelling {
  std::string_view certificate;
  std::string_view unsubscribe;
  bool null_subject;
};
constexpr Spelling kEnvelopeSpelling{"SigningCertURL", "UnsubscribeURL", false};
constexpr Spelling kLambdaSpelling{"SigningCertUrl", "UnsubscribeUrl", true};

Result<ValueMap> Members(const Message& message, const Subscription& subscription,
                         const Topic& topic, Signer& signer, const Spelling& spelling) {
  const bool is_confirmation = message.kind == Message::Kind::kConfirmation;
  const std::string subscribe_url = ConfirmLink(subscription.server, message);
  const auto set = topic.attributes.find("SignatureVersion");
  const std::string version(set == topic.attributes.end() ? kDefaultSignatureVersion
                                                          : std::string_view(set->second));
  const auto signature = signer.Sign(StringToSign(message, subscribe_url), version);
  if (!signature) return signature.error();

  ValueMap map;
  map.Append("Type", NameOf(message.kind));
  map.Append("MessageId", message.id);
  if (is_confirmation) map.Append("Token", message.token);
  map.Append("TopicArn", message.topic_arn);
  if (message.subject) {
    map.Append("Subject", *message.subject);
  } else if (spelling.null_subject) {
    map.Append("Subject", nullptr);
  }
  map.Append("Message", message.text);
  if (is_confirmation) map.Append("SubscribeURL", subscribe_url);
  map.Append("Timestamp", FormatIso8601(message.time));
  map.Append("SignatureVersion", version);
  map.Append("Signature", *signature);
  map.Append(std::string(spelling.certificate),
             subscription.server + std::string(kCertificatePath));
  if (!is_confirmation) {
    map.Append(std::string(spelling.unsubscribe),
               UnsubscribeLink(subscription.server, subscription.arn));
  }
  if (!message.attributes.empty() || spelling.null_subject) {
    ValueMap attributes;
    for (const auto& [name, attribute] : message.attributes) {
      ValueMap one;
      one.Append("Type", attribute.type);
      one.Append("Value", attribute.value);
      attributes.Append(name, std::move(one));
    }
    map.Append("MessageAttributes", std::move(attributes));
  }
  return map;
}

}  // namespace

std::string EncodePayload(const Message& message) {
  ValueMap map;
  map.Append("kind", NameOf(message.kind));
  map.Append("id", message.id);
  map.Append("topic", message.topic_arn);
  map.Append("subscription", message.subscription_arn);
  if (message.subject) map.Append("subject", *message.subject);
  map.Append("text", message.text);
  if (!message.token.empty()) map.Append("token", message.token);
  map.Append("time", EpochMillis(message.time));
  ValueMap attributes;
  for (const auto& [name, attribute] : message.attributes) {
    attributes.Append(name, ValueList{attribute.type, attribute.value});
  }
  map.Append("attributes", std::move(attributes));
  return json::Write(map);
}

Result<Message> DecodePayload(std::string_view payload) {
  const auto value = json::Parse(payload);
  if (!value) return Corrupt("a stored message cannot be read: " + value.error().message);
  const auto text = [&](std::string_view name) -> const std::string* {
    const Value* member = value->Find(name);
    return member ? member->as_string() : nullptr;
  };
  const std::string* kind = text("kind");
  const std::string* id = text("id");
  const std::string* topic = text("topic");
  const std::string* subscription = text("subscription");
  const std::string* body = text("text");
  const Value* time = value->Find("time");
  const Value* attributes = value->Find("attributes");
  if (!kind || !id || !topic || !subscription || !body || !time || !time->as_int() || !attributes ||
      !attributes->as_map()) {
    return Corrupt("a stored message lacks a member");
  }
  Message message{
      .kind = *kind == kNotification ? Message::Kind::kNotification : Message::Kind::kConfirmation,
      .id = *id,
      .topic_arn = *topic,
      .subscription_arn = *subscription,
      .text = *body,
      .time = FromEpochMillis(*time->as_int())};
  if (const std::string* subject = text("subject")) message.subject = *subject;
  if (const std::string* token = text("token")) message.token = *token;
  for (const auto& [name, attribute] : *attributes->as_map()) {
    const ValueList* pair = attribute.as_list();
    if (!pair || pair->size() != 2 || !(*pair)[0].as_string() || !(*pair)[1].as_string()) {
      return Corrupt("a stored message has an attribute that cannot be read");
    }
    message.attributes.emplace(name,
                               MessageAttribute{*(*pair)[0].as_string(), *(*pair)[1].as_string()});
  }
  return message;
}

std::string ConfirmLink(std::string_view server, const Message& message) {
  return std::string(server) +
         "/?Action=ConfirmSubscription&TopicArn=" + PercentEncode(message.topic_arn) +
         "&Token=" + PercentEncode(message.token);
}

std::string UnsubscribeLink(std::string_view server, std::string_view subscription_arn) {
  return std::string(server) +
         "/?Action=Unsubscribe&SubscriptionArn=" + PercentEncode(subscription_arn);
}

Result<std::string> Envelope(const Message& message, const Subscription& subscription,
                             const Topic& topic, Signer& signer) {
  auto members = Members(message, subscription, topic, signer, kEnvelopeSpelling);
  if (!members) return members.error();
  return json::Write(*std::move(members));
}

Result<std::string> LambdaEvent(const Message& message, const Subscription& subscription,
                                const Topic& topic, Signer& signer) {
  auto members = Members(message, subscription, topic, signer, kLambdaSpelling);
  if (!members) return members.error();
  ValueMap record;
  record.Append("EventSource", "aws:sns");
  record.Append("EventVersion", "1.0");
  record.Append("EventSubscriptionArn", subscription.arn);
  record.Append("Sns", *std::move(members));
  ValueMap event;
  event.Append("Records", ValueList{Value(std::move(record))});
  return json::Write(event);
}

}  // namespace usher::sns
