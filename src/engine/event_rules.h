// EventRules: which events are learned from and how much each counts, by their type.
//
// Source: eventsConfig of Amazon Personalize (CreateSolution): up to ten types, each with a weight
//         and, if wanted, the least EVENT_VALUE. Other types are not learned from; of the weights
//         only the ratios matter.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace usher::engine {

struct EventRule {
  std::string type;                       // an EVENT_TYPE, as the rows have it
  std::optional<double> value_threshold;  // only events with an EVENT_VALUE of at least this
  double weight = 1;                      // 0 to kMaxEventWeight; 0: not learned from

  bool operator==(const EventRule&) const = default;
};

inline constexpr std::size_t kMaxEventRules = 10;
inline constexpr std::size_t kMaxEventTypeBytes = 1024;  // 256 characters of UTF-8
inline constexpr double kMaxEventWeight = 1e6;

// Errors: kInvalidInput for too many rules, a type that is empty, too long or named twice, a number
// out of range, or weights that are all 0. No rules are fine: all events count alike.
Result<void> CheckEventRules(std::span<const EventRule> rules);

// Whether all events that are learned from count alike.
[[nodiscard]] bool CountAlike(std::span<const EventRule> rules);

// As the manifest has them: [{"type":"click","valueThreshold":0.5,"weight":1}].
[[nodiscard]] Value ToValue(std::span<const EventRule> rules);
// Errors: kCorrupt.
Result<std::vector<EventRule>> ParseEventRules(const Value& value);

}  // namespace usher::engine
