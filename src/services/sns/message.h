// Message: what is on its way to one subscription, as the payload of a delivery and in the forms
// that receivers get.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "services/sns/catalog.h"
#include "services/sns/signer.h"

namespace usher::sns {

struct MessageAttribute {
  std::string type;
  std::string value;  // base64 when the type is Binary
  bool operator==(const MessageAttribute&) const = default;
};

struct Message {
  // A confirmation asks the receiver whether it wants to subscribe; `token` is its proof.
  enum class Kind { kNotification, kConfirmation };

  Kind kind = Kind::kNotification;
  std::string id;
  std::string topic_arn;
  std::string subscription_arn;
  std::optional<std::string> subject;
  std::string text;
  std::string token;
  Time time;
  std::map<std::string, MessageAttribute> attributes;
};

[[nodiscard]] std::string EncodePayload(const Message& message);
Result<Message> DecodePayload(std::string_view payload);

// Links to this server, which work without a signature.
[[nodiscard]] std::string ConfirmLink(std::string_view server, const Message& message);
[[nodiscard]] std::string UnsubscribeLink(std::string_view server,
                                          std::string_view subscription_arn);

// The JSON that http, sqs and email-json get.
Result<std::string> Envelope(const Message& message, const Subscription& subscription,
                             const Topic& topic, Signer& signer);
// The event that a function gets.
Result<std::string> LambdaEvent(const Message& message, const Subscription& subscription,
                                const Topic& topic, Signer& signer);

}  // namespace usher::sns
