#include "engine/recipes.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "json/json.h"

namespace usher::engine {
namespace {

using Type = HyperparameterSpec::Type;

constexpr HyperparameterSpec kRank{"hidden_dimension",
                                   Type::kInt,
                                   32,
                                   256,
                                   "64",
                                   "rank: number of factors for each user and item"};
constexpr HyperparameterSpec kShortestHistory{
    "min_user_history_length_percentile",
    Type::kFloat,
    0,
    1,
    "0.0",
    "users with shorter histories than this share of users are not learned from"};
constexpr HyperparameterSpec kLongestHistory{
    "max_user_history_length_percentile",
    Type::kFloat,
    0,
    1,
    "1.0",
    "users with longer histories than this share of users are not learned from"};
// The engine's own, for files and experiments; the service does not list them.
constexpr HyperparameterSpec kSweeps{
    "als_sweeps", Type::kInt, 1, 100, "12", "alternations between solving all users and all items"};
constexpr HyperparameterSpec kUnobservedWeight{
    "als_unobserved_weight",
    Type::kFloat,
    0,
    100,
    "0",
    "weight of a pair that was not observed, beside 1 for one that was; 0: such that all those "
    "pairs together weigh thirty times the observed ones"};
constexpr HyperparameterSpec kRegularization{
    "als_regularization", Type::kFloat, 0, 1000, "0.005", "strength of the regularisation"};
constexpr HyperparameterSpec kFrequencyExponent{
    "als_frequency_exponent",
    Type::kFloat,
    0,
    2,
    "1.0",
    "how the regularisation grows with the number of interactions"};

constexpr std::array kAlsHyperparameters{
    kRank,
    HyperparameterSpec{"bptt", Type::kInt, 2, 32, "32",
                       "accepted without effect: the model has no recurrent steps to cut"},
    HyperparameterSpec{
        "recency_mask", Type::kBool, 0, 1, "true",
        "accepted without effect: whether recent events weigh more is chosen by the data"},
    kShortestHistory,
    kLongestHistory,
    kSweeps,
    kUnobservedWeight,
    kRegularization,
    kFrequencyExponent,
};

constexpr std::array kSecondHyperparameters{
    HyperparameterSpec{"apply_recency_bias", Type::kBool, 0, 1, "true",
                       "false: all events of a history weigh the same, and what follows what does "
                       "not count; true: chosen by the data"},
    kRank,
    kShortestHistory,
    kLongestHistory,
    kSweeps,
    kUnobservedWeight,
    kRegularization,
    kFrequencyExponent,
};

constexpr std::string_view kTrendIntervals[] = {"30 minutes", "1 hour", "2 hours", "3 hours",
                                                "1 day"};
constexpr std::array kTrendingHyperparameters{
    HyperparameterSpec{"trend_discovery_frequency", Type::kChoice, 0, 0, "2 hours",
                       "length of the two latest intervals whose interactions are compared",
                       kTrendIntervals},
};

constexpr HyperparameterSpec kMinHistory{
    "min_user_history_length_percentile",
    Type::kFloat,
    0,
    1,
    "0.005",
    "users with shorter histories than this share of users are not learned from"};
constexpr HyperparameterSpec kMaxHistory{
    "max_user_history_length_percentile",
    Type::kFloat,
    0,
    1,
    "0.995",
    "users with longer histories than this share of users are not learned from"};

constexpr std::array kSimsHyperparameters{
    HyperparameterSpec{"popularity_discount_factor", Type::kFloat, 0, 1, "0.5",
                       "0 favours popular neighbours, 1 those that are met with this item alone"},
    HyperparameterSpec{"min_cointeraction_count", Type::kInt, 0, 10, "3",
                       "items that fewer users met together with this one are no neighbours"},
    kMinHistory,
    kMaxHistory,
    HyperparameterSpec{
        "min_item_interaction_count_percentile", Type::kFloat, 0, 1, "0.0",
        "items with fewer interactions than this share of items are not learned from"},
    HyperparameterSpec{
        "max_item_interaction_count_percentile", Type::kFloat, 0, 1, "1.0",
        "items with more interactions than this share of items are not learned from"},
};

constexpr std::array kSimilarItemsHyperparameters{
    HyperparameterSpec{"popularity_discount_factor", Type::kFloat, 0, 1, "0.0",
                       "0 favours popular neighbours, 1 less popular ones"},
    HyperparameterSpec{"item_id_hidden_dim", Type::kInt, 30, 200, "100",
                       "accepted without effect: interactions are not squeezed into a vector"},
    HyperparameterSpec{"item_metadata_hidden_dim", Type::kInt, 30, 200, "100",
                       "accepted without effect: metadata is not squeezed into a vector"},
    // The engine's own. Service: below 5 interactions an item is cold.
    HyperparameterSpec{"content_trust", Type::kFloat, 0, 1000, "10",
                       "users at which those who met an item count as much as its metadata"},
};

constexpr std::array kAffinityHyperparameters{
    kRank,
};

constexpr std::array kRecipes{
    Recipe{"aws-user-personalization", RecipeKind::kUserPersonalization, kAlsHyperparameters},
    Recipe{"aws-personalized-ranking", RecipeKind::kPersonalizedRanking, kAlsHyperparameters},
    Recipe{"aws-user-personalization-v2", RecipeKind::kUserPersonalization, kSecondHyperparameters},
    Recipe{"aws-personalized-ranking-v2", RecipeKind::kPersonalizedRanking, kSecondHyperparameters},
    Recipe{"aws-popularity-count", RecipeKind::kPopularity, {}},
    Recipe{"aws-trending-now", RecipeKind::kTrendingNow, kTrendingHyperparameters},
    Recipe{"aws-sims", RecipeKind::kSims, kSimsHyperparameters},
    Recipe{"aws-similar-items", RecipeKind::kSimilarItems, kSimilarItemsHyperparameters},
    Recipe{"aws-semantic-similarity", RecipeKind::kSemanticSimilarity, {}},
    Recipe{"aws-item-affinity", RecipeKind::kItemAffinity, kAffinityHyperparameters},
    Recipe{"aws-item-attribute-affinity", RecipeKind::kItemAttributeAffinity,
           kAffinityHyperparameters},
};

// "aws-user-personalization, aws-personalized-ranking …".
std::string RecipeNames() {
  std::string names;
  for (const Recipe& recipe : kRecipes) {
    if (!names.empty()) names += ", ";
    names += recipe.name;
  }
  return names;
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string NumberText(double number) {
  std::string text;
  json::AppendNumber(text, number);
  return text;
}

Result<void> CheckValue(const HyperparameterSpec& spec, std::string_view value) {
  const std::string named = "hyperparameter " + std::string(spec.name);
  if (spec.type == Type::kBool) {
    if (ParseBool(value)) return {};
    return InvalidInput(named + " must be true or false, got '" + std::string(value) + "'");
  }
  if (spec.type == Type::kChoice) {
    std::string choices;
    for (const std::string_view choice : spec.choices) {
      if (choice == value) return {};
      choices += (choices.empty() ? "'" : ", '") + std::string(choice) + "'";
    }
    return InvalidInput(named + " must be one of " + choices + ", got '" + std::string(value) +
                        "'");
  }
  const auto number = ParseNumber(value);
  const bool whole = number && std::floor(*number) == *number;
  if (!number || (spec.type == Type::kInt && !whole) ||
      !(*number >= spec.min && *number <= spec.max)) {
    return InvalidInput(named + " must be " +
                        (spec.type == Type::kInt ? "a whole number" : "a number") + " from " +
                        NumberText(spec.min) + " to " + NumberText(spec.max) + ", got '" +
                        std::string(value) + "'");
  }
  return {};
}

const HyperparameterSpec* FindSpec(const Recipe& recipe, std::string_view name) {
  for (const HyperparameterSpec& spec : recipe.hyperparameters) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

}  // namespace

std::span<const Recipe> TrainableRecipes() { return kRecipes; }

std::optional<bool> ParseBool(std::string_view text) {
  if (EqualsIgnoreCase(text, "true")) return true;
  if (EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

Result<const Recipe*> FindRecipe(std::string_view name) {
  for (const Recipe& recipe : kRecipes) {
    if (recipe.name == name) return &recipe;
  }
  return Unsupported("recipe '" + std::string(name) +
                     "' cannot be trained by Usher; the recipes that can: " + RecipeNames());
}

Result<Hyperparameters> CompleteHyperparameters(const Recipe& recipe,
                                                const Hyperparameters& given) {
  Hyperparameters complete;
  for (const HyperparameterSpec& spec : recipe.hyperparameters) {
    complete.emplace(spec.name, spec.default_value);
  }
  for (const auto& [name, value] : given) {
    const HyperparameterSpec* spec = FindSpec(recipe, name);
    if (spec == nullptr) {
      return InvalidInput("recipe " + std::string(recipe.name) + " has no hyperparameter '" + name +
                          "'");
    }
    if (const auto checked = CheckValue(*spec, value); !checked) return checked.error();
    const bool is_bool = spec->type == Type::kBool;
    complete[name] = is_bool ? (*ParseBool(value) ? "true" : "false") : value;
  }
  for (const char* what : {"user_history_length_percentile", "item_interaction_count_percentile"}) {
    const auto least = complete.find(std::string("min_") + what);
    const auto most = complete.find(std::string("max_") + what);
    if (least != complete.end() && most != complete.end() &&
        *ParseNumber(least->second) >= *ParseNumber(most->second)) {
      return InvalidInput("hyperparameter " + least->first + " (" + least->second +
                          ") must be below " + most->first + " (" + most->second + ")");
    }
  }
  return complete;
}

}  // namespace usher::engine
