// Which events a solution learns from: its eventType and eventValueThreshold, or its eventsConfig.
// Source: Amazon Personalize developer guide, "Configuring a solution", and the service model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/event_rules.h"
#include "services/personalize/recipes.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Errors: invalid input for a recipe without weights of events, together with `event_type`, without
// any type, or with an entry that names no type or is out of its limits.
Result<void> CheckEventsConfig(const Recipe& recipe, const std::optional<std::string>& event_type,
                               const api::EventsConfig& config);

// What the engine is to learn from; none: all events. The arguments have been checked.
[[nodiscard]] std::vector<engine::EventRule> EventRulesOf(
    const std::optional<std::string>& event_type, const std::optional<api::SolutionConfig>& config);

}  // namespace usher::personalize
