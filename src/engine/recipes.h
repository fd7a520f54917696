// Recipes that the engine can train, with their hyperparameters.
//
// Source: names, types and ranges as Amazon Personalize publishes them; defaults are ours.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::engine {

enum class RecipeKind {
  kUserPersonalization,
  kPersonalizedRanking,
  kPopularity,
  // Those below are trained and loaded by engine/item_model.h.
  kTrendingNow,
  kSims,
  kSimilarItems,
  kSemanticSimilarity,
  kItemAffinity,
  kItemAttributeAffinity,
};

struct HyperparameterSpec {
  enum class Type { kInt, kFloat, kBool, kChoice };
  std::string_view name;
  Type type;
  double min;  // inclusive; of numbers
  double max;
  std::string_view default_value;
  std::string_view meaning;                        // what it does in this engine
  std::span<const std::string_view> choices = {};  // kChoice
};

struct Recipe {
  std::string_view name;  // "aws-user-personalization"
  RecipeKind kind;
  std::span<const HyperparameterSpec> hyperparameters;
};

// Every recipe that Train accepts.
[[nodiscard]] std::span<const Recipe> TrainableRecipes();

// Errors: kUnsupported, naming the recipes that can be trained.
Result<const Recipe*> FindRecipe(std::string_view name);

// Hyperparameters travel as strings, as in the API.
using Hyperparameters = std::map<std::string, std::string, std::less<>>;

// "true" or "false", in letters of any case; nothing for other texts.
[[nodiscard]] std::optional<bool> ParseBool(std::string_view text);

// The given ones checked and the missing ones filled in with defaults.
// Errors: kInvalidInput for an unknown name, a value that does not parse or is out of range.
Result<Hyperparameters> CompleteHyperparameters(const Recipe& recipe, const Hyperparameters& given);

}  // namespace usher::engine
