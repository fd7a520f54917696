// A message as it is kept, and what of it clients check.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "wire/sqs.h"

namespace usher::sqs {

namespace api = usher::api::sqs;

inline constexpr std::size_t kMaxMessageBytes = 1U << 20;  // with attributes
inline constexpr std::size_t kMaxAttributes = 10;

using Attributes = std::map<std::string, api::MessageAttributeValue>;

struct Message {
  std::string body;
  Attributes attributes;
  std::string trace_header;  // AWSTraceHeader; may be empty
  Time sent;
  Time visible;                // sent and its delay
  std::string dead_from = {};  // ARN of the queue that it comes from as a dead letter
};

[[nodiscard]] std::string Encode(const Message& message);
Result<Message> DecodeMessage(std::string_view text);

// Of body and attributes together, as limits count it.
[[nodiscard]] std::size_t SizeOf(const Message& message);

// Errors: invalid input for text that XML could not carry and for attributes that break a rule.
Result<void> CheckMessage(const Message& message);

[[nodiscard]] std::string Md5Of(std::string_view body);  // hex
// Source: the SQS developer guide, "Calculating the MD5 message digest for message attributes":
// sorted by name; of each the name, the type, one byte for the kind of value, the value, with the
// length of each as four bytes before it.
[[nodiscard]] std::string Md5Of(const Attributes& attributes);

}  // namespace usher::sqs
