#include "engine/event_filter.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace usher::engine {
namespace {

constexpr std::size_t kTypesNamed = 20;  // in a message

}  // namespace

EventFilter::EventFilter(std::vector<EventRule> rules, std::optional<double> value_threshold)
    : rules_(std::move(rules)), value_threshold_(value_threshold), met_(rules_.size(), false) {}

Result<void> EventFilter::CheckColumns(bool has_event, bool has_value) const {
  if (!rules_.empty() && !has_event) {
    return InvalidInput("an event type was given, but the interactions have no EVENT_TYPE");
  }
  const bool needs_value =
      value_threshold_.has_value() || std::ranges::any_of(rules_, [](const EventRule& rule) {
        return rule.value_threshold.has_value();
      });
  if (needs_value && !has_value) {
    return InvalidInput(
        "an event value threshold was given, but the interactions have no "
        "EVENT_VALUE");
  }
  return {};
}

std::vector<float> EventFilter::Weigh(std::size_t rows, const columnar::Column* event,
                                      const columnar::Column* value) {
  std::vector<const EventRule*> rule_of_code;
  if (!rules_.empty()) {
    rule_of_code.resize(event->dictionary.size(), nullptr);
    for (std::size_t code = 0; code < rule_of_code.size(); ++code) {
      const std::string_view type = event->dictionary[code];
      const auto rule = std::ranges::find(rules_, type, &EventRule::type);
      if (rule != rules_.end()) {
        rule_of_code[code] = &*rule;
        met_[static_cast<std::size_t>(rule - rules_.begin())] = true;
      }
      if (types_.size() < kTypesNamed && std::ranges::find(types_, type) == types_.end()) {
        types_.emplace_back(type);
      }
    }
  }
  std::vector<float> weights(rows, 1.0F);
  for (std::size_t row = 0; row < rows; ++row) {
    std::optional<double> threshold = value_threshold_;
    if (!rules_.empty()) {
      const EventRule* rule = event->IsNull(row) ? nullptr : rule_of_code[event->codes[row]];
      weights[row] = rule != nullptr ? static_cast<float>(rule->weight) : 0.0F;
      if (rule != nullptr && rule->value_threshold) threshold = rule->value_threshold;
    }
    // Not below: a value that is no number reaches no threshold.
    if (threshold && (value->IsNull(row) || !(value->numbers[row] >= *threshold))) {
      weights[row] = 0;
    }
  }
  return weights;
}

Result<void> EventFilter::CheckTypesMet() const {
  for (std::size_t r = 0; r < rules_.size(); ++r) {
    if (met_[r]) continue;
    std::string names;
    for (const std::string& type : types_) names += (names.empty() ? "'" : ", '") + type + "'";
    return InvalidInput("no interaction is of event type '" + rules_[r].type + "'; there are " +
                        (names.empty() ? "none of any type" : names));
  }
  return {};
}

}  // namespace usher::engine
