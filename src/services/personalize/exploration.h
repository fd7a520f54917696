// Exploration as campaigns and batch inference jobs are configured: itemExplorationConfig.
// Source: Amazon Personalize developer guide, "User-Personalization recipe".
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/explore.h"
#include "services/personalize/recipes.h"

namespace usher::personalize {

using ExplorationConfig = std::map<std::string, std::string>;

// Whether clients may configure how the recipe explores.
[[nodiscard]] bool HasExplorationConfig(const Recipe& recipe);

// Errors: invalid input for a recipe without, an unknown name or a value that is no number or out
// of range.
Result<void> CheckExplorationConfig(const Recipe& recipe,
                                    const std::optional<ExplorationConfig>& config);

// How answers of the recipe explore; `config` has been checked. Defaults stand where it says
// nothing. aws-user-personalization-v2 explores by itself: about one item in a thousand. Weight 0
// for other recipes.
[[nodiscard]] engine::ExplorationOptions ExplorationOf(
    const Recipe& recipe, const std::optional<ExplorationConfig>& config);

}  // namespace usher::personalize
