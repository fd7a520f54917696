// The rule for names of message attributes, which SNS and SQS share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"

namespace usher::wire {

inline constexpr std::size_t kMaxMessageAttributeNameBytes = 256;

// Letters, digits, '_', '-' and single dots within; not what is reserved.
[[nodiscard]] inline bool IsMessageAttributeName(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  const std::string lower = AsciiLower(name);
  return plain && !name.empty() && name.size() <= kMaxMessageAttributeNameBytes &&
         name.front() != '.' && name.back() != '.' && name.find("..") == std::string_view::npos &&
         !lower.starts_with("aws.") && !lower.starts_with("amazon.");
}

}  // namespace usher::wire
