#include "engine/event_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "json/json.h"

namespace usher::engine {
namespace {

std::string NumberText(double number) {
  std::string text;
  json::AppendNumber(text, number);
  return text;
}

std::optional<double> NumberOf(const Value* member) {
  if (member == nullptr) return std::nullopt;
  if (member->as_double() != nullptr) return *member->as_double();
  if (member->as_int() != nullptr) return static_cast<double>(*member->as_int());
  return std::nullopt;
}

}  // namespace

Result<void> CheckEventRules(std::span<const EventRule> rules) {
  if (rules.empty()) return {};
  if (rules.size() > kMaxEventRules) {
    return InvalidInput("at most " + std::to_string(kMaxEventRules) +
                        " event types can be given, got " + std::to_string(rules.size()));
  }
  bool any = false;
  for (const EventRule& rule : rules) {
    if (rule.type.empty() || rule.type.size() > kMaxEventTypeBytes) {
      return InvalidInput("an event type must have 1 to " + std::to_string(kMaxEventTypeBytes) +
                          " bytes, got " + std::to_string(rule.type.size()));
    }
    if (std::ranges::count(rules, rule.type, &EventRule::type) > 1) {
      return InvalidInput("event type '" + rule.type + "' is given twice");
    }
    if (!(rule.weight >= 0 && rule.weight <= kMaxEventWeight)) {
      return InvalidInput("the weight of event type '" + rule.type + "' must be from 0 to " +
                          NumberText(kMaxEventWeight) + ", got " + NumberText(rule.weight));
    }
    if (rule.value_threshold && !std::isfinite(*rule.value_threshold)) {
      return InvalidInput("the value threshold of event type '" + rule.type +
                          "' must be a finite number");
    }
    any = any || static_cast<float>(rule.weight) > 0;
  }
  if (!any) return InvalidInput("all event weights are 0: give at least one type a weight over 0");
  return {};
}

bool CountAlike(std::span<const EventRule> rules) {
  std::optional<double> weight;
  for (const EventRule& rule : rules) {
    if (rule.weight == 0) continue;
    if (weight && *weight != rule.weight) return false;
    weight = rule.weight;
  }
  return true;
}

Value ToValue(std::span<const EventRule> rules) {
  ValueList list;
  for (const EventRule& rule : rules) {
    ValueMap one;
    one.Append("type", rule.type);
    if (rule.value_threshold) one.Append("valueThreshold", *rule.value_threshold);
    one.Append("weight", rule.weight);
    list.emplace_back(std::move(one));
  }
  return list;
}

Result<std::vector<EventRule>> ParseEventRules(const Value& value) {
  if (value.as_list() == nullptr) return Corrupt("the event rules are no list");
  std::vector<EventRule> rules;
  for (const Value& one : *value.as_list()) {
    const Value* type = one.Find("type");
    const std::optional<double> weight = NumberOf(one.Find("weight"));
    if (type == nullptr || type->as_string() == nullptr || !weight) {
      return Corrupt("an event rule has no good type or weight");
    }
    rules.push_back({*type->as_string(), NumberOf(one.Find("valueThreshold")), *weight});
  }
  if (const auto checked = CheckEventRules(rules); !checked) {
    return Corrupt("the event rules: " + checked.error().message);
  }
  return rules;
}

}  // namespace usher::engine
