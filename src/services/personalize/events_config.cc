#include "services/personalize/events_config.h"

namespace usher::personalize {
namespace {

std::vector<engine::EventRule> RulesOf(const api::EventsConfig& config) {
  std::vector<engine::EventRule> rules;
  if (!config.event_parameters_list) return rules;
  for (const api::EventParameters& entry : *config.event_parameters_list) {
    rules.push_back({.type = entry.event_type.value_or(""),
                     .value_threshold = entry.event_value_threshold,
                     .weight = entry.weight.value_or(1)});
  }
  return rules;
}

std::string RecipesWithWeights() {
  std::string names;
  for (const Recipe& recipe : AllRecipes()) {
    if (recipe.weighs_events) names += (names.empty() ? "" : ", ") + std::string(recipe.name);
  }
  return names;
}

}  // namespace

Result<void> CheckEventsConfig(const Recipe& recipe, const std::optional<std::string>& event_type,
                               const api::EventsConfig& config) {
  if (!recipe.weighs_events) {
    return InvalidInput("eventsConfig is not for recipe " + std::string(recipe.name) +
                        " but for: " + RecipesWithWeights() +
                        "; eventType and eventValueThreshold choose what others learn from");
  }
  if (event_type) {
    return InvalidInput("eventType and eventsConfig exclude one another: give one of them");
  }
  const std::vector<engine::EventRule> rules = RulesOf(config);
  if (rules.empty()) {
    return InvalidInput("eventsConfig.eventParametersList must name at least one event type");
  }
  for (const engine::EventRule& rule : rules) {
    if (rule.type.empty()) {
      return InvalidInput("every entry of eventsConfig.eventParametersList needs an eventType");
    }
  }
  return engine::CheckEventRules(rules);
}

std::vector<engine::EventRule> EventRulesOf(const std::optional<std::string>& event_type,
                                            const std::optional<api::SolutionConfig>& config) {
  if (config && config->events_config) return RulesOf(*config->events_config);
  if (event_type) return {{.type = *event_type, .value_threshold = std::nullopt, .weight = 1}};
  return {};
}

}  // namespace usher::personalize
