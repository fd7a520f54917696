// EventFilter: which rows of an interactions file are learned from, and how much each counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/table.h"
#include "engine/event_rules.h"

namespace usher::engine {

class EventFilter {
 public:
  // `rules` may be empty: all types. `value_threshold` is for the types without one of their own.
  EventFilter(std::vector<EventRule> rules, std::optional<double> value_threshold);

  [[nodiscard]] bool keeps_all() const { return rules_.empty() && !value_threshold_; }
  [[nodiscard]] bool weighs() const { return !CountAlike(rules_); }
  // Errors: kInvalidInput when the file lacks a column that the filter looks at.
  Result<void> CheckColumns(bool has_event, bool has_value) const;

  // The weight of each of `rows` rows, 0 for one that is left out. The columns may be nullptr where
  // CheckColumns allows it. Not when it keeps all.
  std::vector<float> Weigh(std::size_t rows, const columnar::Column* event,
                           const columnar::Column* value);

  // After the last row. Errors: kInvalidInput, naming the types that there are, when a rule's type
  // did not occur at all.
  Result<void> CheckTypesMet() const;

 private:
  std::vector<EventRule> rules_;
  std::optional<double> value_threshold_;
  std::vector<bool> met_;           // of each rule: whether its type occurred
  std::vector<std::string> types_;  // that occurred, the first few
};

}  // namespace usher::engine
