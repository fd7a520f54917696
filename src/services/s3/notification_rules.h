// The rules of a bucket's notifications: which events of which keys go where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/s3.h"

namespace usher::s3 {

inline constexpr std::size_t kMaxRules = 100;

enum class TargetKind { kFunction, kTopic, kQueue };

struct NotificationRule {
  std::string id;
  TargetKind kind = TargetKind::kFunction;
  std::string target;               // ARN
  std::vector<std::string> events;  // "s3:ObjectCreated:*" or "s3:ObjectCreated:Put"
  std::string prefix;               // of the decoded key; empty: any
  std::string suffix;
};

// Functions first, then topics, then queues, each in their order.
[[nodiscard]] std::vector<NotificationRule> RulesOf(
    const api::s3::NotificationConfiguration& configuration);

// Gives rules without an id one that no other has. Errors: InvalidArgument for more than kMaxRules,
// an id given twice, a target that is no ARN of its kind, a filter that is none, and two rules that
// would both take the same event of a key; NotImplemented for events that never happen here.
Result<void> CheckRules(api::s3::NotificationConfiguration& configuration);

// `event` as in a record: "ObjectCreated:Put".
[[nodiscard]] bool TakesEvent(const NotificationRule& rule, std::string_view event);
[[nodiscard]] bool TakesKey(const NotificationRule& rule, std::string_view key);

// For the log, when no rule that takes the event takes the key: the rule that comes closest and in
// what it differs, "rule R differs in suffix ('.csv')"; empty when no rule takes the event.
[[nodiscard]] std::string NearestMiss(const std::vector<NotificationRule>& rules,
                                      std::string_view event, std::string_view key);

}  // namespace usher::s3
