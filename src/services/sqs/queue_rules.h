// What queues may be: names and attributes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::sqs {

Result<void> CheckQueueName(std::string_view name);

// Checks and sets one. Errors: InvalidAttributeName, InvalidAttributeValue.
Result<void> SetQueueAttribute(const std::string& name, const std::string& value,
                               std::map<std::string, std::string>& attributes);

// Of an attribute that is a number and can be set; 0 for others.
[[nodiscard]] std::int64_t DefaultOf(std::string_view attribute);

// All attributes that are numbers and can be set, with their defaults.
[[nodiscard]] std::map<std::string, std::string> DefaultAttributes();

}  // namespace usher::sqs
