#include "services/sqs/queue_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "services/sqs/errors.h"
#include "services/sqs/message.h"
#include "services/sqs/redrive.h"

namespace usher::sqs {
namespace {

constexpr std::size_t kMaxNameBytes = 80;
constexpr std::size_t kMaxAttributeBytes = 30U << 10;

struct NumberRule {
  std::string_view name;
  std::int64_t least;
  std::int64_t most;
  std::int64_t by_default;
};
constexpr std::array<NumberRule, 5> kNumbers{{
    {"DelaySeconds", 0, 900, 0},
    {"MaximumMessageSize", 1024, kMaxMessageBytes, kMaxMessageBytes},
    {"MessageRetentionPeriod", 60, 1'209'600, 345'600},
    {"ReceiveMessageWaitTimeSeconds", 0, 20, 0},
    {"VisibilityTimeout", 0, 43'200, 30},
}};

// Kept and given back; nothing here follows from them.
constexpr std::array kKept{"Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds",
                           "SqsManagedSseEnabled"};
constexpr std::array kFifo{"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope",
                           "FifoThroughputLimit"};

}  // namespace

Result<void> CheckQueueName(std::string_view name) {
  if (name.ends_with(".fifo")) return InvalidValue("FIFO queues are not supported by Usher.");
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (name.empty() || name.size() > kMaxNameBytes || !plain) {
    return InvalidValue(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.");
  }
  return {};
}

Result<void> SetQueueAttribute(const std::string& name, const std::string& value,
                               std::map<std::string, std::string>& attributes) {
  if (value.size() > kMaxAttributeBytes) return InvalidAttributeValue(name, "It is too long.");
  if (const auto rule = std::ranges::find(kNumbers, name, &NumberRule::name);
      rule != kNumbers.end()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < rule->least ||
        number > rule->most) {
      return InvalidAttributeValue(name, "It must be an integer from " +
                                             std::to_string(rule->least) + " to " +
                                             std::to_string(rule->most) + ".");
    }
    attributes[name] = value;
    return {};
  }
  if (std::ranges::find(kFifo, name) != kFifo.end()) {
    if (value == "false") return {};
    return InvalidAttributeValue(name, "FIFO queues are not supported by Usher.");
  }
  if (name == "RedrivePolicy" || name == "RedriveAllowPolicy") {
    if (auto form = CheckRedriveForm(name, value); !form) return form;
  } else if (std::ranges::find(kKept, name) == kKept.end()) {
    return InvalidAttributeName(name, "It cannot be set.");
  }
  if (value.empty()) {
    attributes.erase(name);
  } else {
    attributes[name] = value;
  }
  return {};
}

std::int64_t DefaultOf(std::string_view attribute) {
  const auto rule = std::ranges::find(kNumbers, attribute, &NumberRule::name);
  return rule == kNumbers.end() ? 0 : rule->by_default;
}

std::map<std::string, std::string> DefaultAttributes() {
  std::map<std::string, std::string> attributes;
  for (const NumberRule& rule : kNumbers) {
    attributes.emplace(rule.name, std::to_string(rule.by_default));
  }
  return attributes;
}

}  // namespace usher::sqs
