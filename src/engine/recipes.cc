#include "engine/recipes.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "json/json.h"

namespace usher::engine {
namespace {

using Type = HyperparameterSpec::Type;

constexpr std::array kAlsHyperparameters{
    HyperparameterSpec{"hidden_dimension", Type::kInt, 32, 256, "64",
                       "rank: number of factors for each user and item"},
    HyperparameterSpec{"bptt", Type::kInt, 2, 32, "32",
                       "accepted without effect: the model has no recurrent steps to cut"},
    HyperparameterSpec{"recency_mask", Type::kBool, 0, 1, "true",
                       "accepted without effect: the model does not weigh by age"},
    HyperparameterSpec{
        "min_user_history_length_percentile", Type::kFloat, 0, 1, "0.0",
        "users with shorter histories than this share of users are not learned from"},
    HyperparameterSpec{"max_user_history_length_percentile", Type::kFloat, 0, 1, "1.0",
                       "users with longer histories than this share of users are not learned from"},
    // The engine's own, for files and experiments; the service does not list them.
    HyperparameterSpec{"als_sweeps", Type::kInt, 1, 100, "12",
                       "alternations between solving all users and all items"},
    HyperparameterSpec{"als_unobserved_weight", Type::kFloat, 0, 100, "0",
                       "weight of a pair that was not observed, beside 1 for one that was; 0: such "
                       "that all those pairs together weigh thirty times the observed ones"},
    HyperparameterSpec{"als_regularization", Type::kFloat, 0, 1000, "0.005",
                       "strength of the regularisation"},
    HyperparameterSpec{"als_frequency_exponent", Type::kFloat, 0, 2, "1.0",
                       "how the regularisation grows with the number of interactions"},
};

constexpr std::array kRecipes{
    Recipe{"aws-user-personalization", RecipeKind::kUserPersonalization, kAlsHyperparameters},
    Recipe{"aws-personalized-ranking", RecipeKind::kPersonalizedRanking, kAlsHyperparameters},
    Recipe{"aws-popularity-count", RecipeKind::kPopularity, {}},
};

// "aws-user-personalization, aws-personalized-ranking, aws-popularity-count".
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
    if (value == "true" || value == "false") return {};
    return InvalidInput(named + " must be true or false, got '" + std::string(value) + "'");
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
    complete[name] = value;
  }
  const auto shortest = complete.find("min_user_history_length_percentile");
  const auto longest = complete.find("max_user_history_length_percentile");
  if (shortest != complete.end() && longest != complete.end() &&
      *ParseNumber(shortest->second) >= *ParseNumber(longest->second)) {
    return InvalidInput("hyperparameter min_user_history_length_percentile (" + shortest->second +
                        ") must be below max_user_history_length_percentile (" + longest->second +
                        ")");
  }
  return complete;
}

}  // namespace usher::engine
