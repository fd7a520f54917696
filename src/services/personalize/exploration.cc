#include "services/personalize/exploration.h"

#include <charconv>

namespace usher::personalize {
namespace {

constexpr std::string_view kConfigured = "aws-user-personalization";
constexpr std::string_view kAutomatic = "aws-user-personalization-v2";
constexpr double kAutomaticWeight = 0.001;

constexpr std::string_view kWeight = "explorationWeight";
constexpr std::string_view kCutOff = "explorationItemAgeCutOff";

std::optional<double> NumberOf(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

bool HasExplorationConfig(const Recipe& recipe) { return recipe.name == kConfigured; }

Result<void> CheckExplorationConfig(const Recipe& recipe,
                                    const std::optional<ExplorationConfig>& config) {
  if (!config) return {};
  if (!HasExplorationConfig(recipe)) {
    return InvalidInput("itemExplorationConfig is only for recipe " + std::string(kConfigured) +
                        ", not for " + std::string(recipe.name));
  }
  for (const auto& [name, value] : *config) {
    const auto number = NumberOf(value);
    if (name == kWeight) {
      if (!number || !(*number >= 0 && *number <= 1)) {
        return InvalidInput("explorationWeight is '" + value +
                            "', but must be a number from 0 to 1");
      }
    } else if (name == kCutOff) {
      if (!number || !(*number > 0 && *number <= engine::kMaxItemAgeCutOffDays)) {
        return InvalidInput("explorationItemAgeCutOff is '" + value +
                            "', but must be a number of days above 0, at most 1000000");
      }
    } else {
      return InvalidInput("itemExplorationConfig has no '" + name +
                          "'; known are: explorationWeight, explorationItemAgeCutOff");
    }
  }
  return {};
}

engine::ExplorationOptions ExplorationOf(const Recipe& recipe,
                                         const std::optional<ExplorationConfig>& config) {
  engine::ExplorationOptions options;
  if (recipe.name == kAutomatic) {
    options.weight = kAutomaticWeight;
  } else if (recipe.name != kConfigured) {
    options.weight = 0;
  } else if (config) {
    for (const auto& [name, value] : *config) {
      (name == kWeight ? options.weight : options.item_age_cut_off_days) =
          NumberOf(value).value_or(0);
    }
  }
  return options;
}

}  // namespace usher::personalize
