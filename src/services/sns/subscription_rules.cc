#include "services/sns/subscription_rules.h"

#include <algorithm>
#include <array>

#include "json/json.h"
#include "mail/address.h"
#include "outbound/http_client.h"
#include "services/sns/errors.h"
#include "services/sns/filter_policy.h"

namespace usher::sns {
namespace {

struct ProtocolRow {
  std::string_view name;
  std::string_view lane;
  bool needs_confirmation;
};
constexpr std::array<ProtocolRow, 6> kProtocols{{
    {"email", "sns/mail", true},
    {"email-json", "sns/mail", true},
    {"http", "sns/http", true},
    {"https", "sns/http", true},
    {"lambda", "sns/lambda", false},
    {"sqs", "sns/sqs", false},
}};

// Modelled by SNS, but not built here.
constexpr std::array kOtherProtocols{"sms", "application", "firehose"};

constexpr std::size_t kMaxAttributeBytes = 256U << 10;

const ProtocolRow* Find(std::string_view protocol) {
  const auto row = std::ranges::find(kProtocols, protocol, &ProtocolRow::name);
  return row == kProtocols.end() ? nullptr : &*row;
}

Result<void> CheckArn(std::string_view endpoint, std::string_view prefix) {
  const bool plain = std::ranges::all_of(endpoint, [](char c) { return c > ' ' && c < 0x7f; });
  if (!endpoint.starts_with(prefix) || endpoint.size() > outbound::kMaxUrlBytes || !plain) {
    return InvalidParameter("Endpoint",
                            "it must be an ARN that begins with " + std::string(prefix));
  }
  return {};
}

Result<void> CheckWebhook(std::string_view protocol, std::string_view endpoint) {
  if (!endpoint.starts_with(std::string(protocol) + "://")) {
    return InvalidParameter("Endpoint", "it must match the specified protocol");
  }
  if (const auto url = outbound::CheckUrl(endpoint); !url) {
    return InvalidParameter("Endpoint", url.error().message);
  }
  return {};
}

Result<void> CheckJsonObject(std::string_view name, const std::string& value) {
  const auto parsed = json::Parse(value);
  if (!parsed || !parsed->as_map()) return InvalidParameter(name, "it is not a JSON object");
  return {};
}

Result<void> CheckRedrive(const std::string& value) {
  const auto parsed = json::Parse(value);
  const Value* target = parsed ? parsed->Find("deadLetterTargetArn") : nullptr;
  if (!target || !target->as_string() || !target->as_string()->starts_with("arn:aws:sqs:")) {
    return InvalidParameter("RedrivePolicy",
                            "it must be {\"deadLetterTargetArn\": the ARN of an SQS queue}");
  }
  return {};
}

Result<void> CheckValue(std::string_view name, const std::string& value,
                        std::string_view protocol) {
  if (name == "RawMessageDelivery") {
    if (value != "true" && value != "false") return InvalidParameter(name, "it is true or false");
    if (value == "true" && LaneOf(protocol) != "sns/sqs" && LaneOf(protocol) != "sns/http") {
      return InvalidParameter(name, "Delivery protocol [" + std::string(protocol) +
                                        "] does not support raw message delivery");
    }
    return {};
  }
  if (name == "FilterPolicyScope") {
    if (value != "MessageAttributes" && value != "MessageBody") {
      return InvalidParameter(name, "it is MessageAttributes or MessageBody");
    }
    return {};
  }
  if (name == "FilterPolicy" || name == "DeliveryPolicy") return CheckJsonObject(name, value);
  if (name == "RedrivePolicy") return CheckRedrive(value);
  if (name == "SubscriptionRoleArn") return {};
  return InvalidParameter(
      "AttributeName", "subscriptions have no attribute " + std::string(name) + " that can be set");
}

}  // namespace

std::string_view LaneOf(std::string_view protocol) {
  const ProtocolRow* row = Find(protocol);
  return row ? row->lane : "";
}

bool NeedsConfirmation(std::string_view protocol) {
  const ProtocolRow* row = Find(protocol);
  return row && row->needs_confirmation;
}

Result<void> CheckEndpoint(std::string_view protocol, std::string_view endpoint) {
  if (std::ranges::find(kOtherProtocols, protocol) != kOtherProtocols.end()) {
    return InvalidParameter("Protocol",
                            std::string(protocol) +
                                " is not supported by Usher; it delivers to email, email-json, "
                                "http, https, lambda and sqs");
  }
  if (!Find(protocol)) {
    return InvalidParameter("Protocol", "Amazon SNS does not support this protocol string");
  }
  if (protocol == "sqs") {
    if (endpoint.ends_with(".fifo")) {
      return InvalidParameter("Endpoint", "FIFO queues are not supported by Usher");
    }
    return CheckArn(endpoint, "arn:aws:sqs:");
  }
  if (protocol == "lambda") return CheckArn(endpoint, "arn:aws:lambda:");
  if (LaneOf(protocol) == "sns/http") return CheckWebhook(protocol, endpoint);
  if (const auto address = mail::CheckAddress(endpoint); !address) {
    return InvalidParameter("Endpoint", address.error().message);
  }
  return {};
}

Result<void> SetSubscriptionAttribute(std::string_view name, const std::string& value,
                                      std::string_view protocol, Texts& attributes) {
  if (value.size() > kMaxAttributeBytes) return InvalidParameter(name, "it is too long");
  const bool removable = name == "FilterPolicy" || name == "DeliveryPolicy" ||
                         name == "RedrivePolicy" || name == "SubscriptionRoleArn";
  if (removable && (value.empty() || value == "{}")) {
    attributes.erase(std::string(name));
    return {};
  }
  if (auto valid = CheckValue(name, value, protocol); !valid) return valid;
  attributes[std::string(name)] = value;
  return {};
}

Result<void> CheckFilter(const Texts& attributes) {
  const auto policy = attributes.find("FilterPolicy");
  if (policy == attributes.end()) return {};
  const auto scope = attributes.find("FilterPolicyScope");
  const bool body = scope != attributes.end() && scope->second == "MessageBody";
  const auto parsed = FilterPolicy::Parse(
      policy->second, body ? FilterPolicy::Scope::kBody : FilterPolicy::Scope::kAttributes);
  if (!parsed) return parsed.error();
  return {};
}

}  // namespace usher::sns
