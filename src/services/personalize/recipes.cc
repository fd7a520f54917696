#include "services/personalize/recipes.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "engine/item_model.h"
#include "engine/recipes.h"
#include "services/personalize/arns.h"

namespace usher::personalize {
namespace {

using Kind = HyperparameterKind;

constexpr Hyperparameter kSequence[] = {
    {"hidden_dimension", Kind::kInteger, "149", 32, 256, true},
    {"bptt", Kind::kInteger, "32", 2, 32, true},
    {"recency_mask", Kind::kBoolean, "true", 0, 0, true},
};
constexpr Hyperparameter kHistoryLength[] = {
    {"min_user_history_length_percentile", Kind::kContinuous, "0.0", 0, 1},
    {"max_user_history_length_percentile", Kind::kContinuous, "0.99", 0, 1},
};
constexpr Hyperparameter kRecencyBias[] = {{"apply_recency_bias", Kind::kBoolean, "true"}};
constexpr Hyperparameter kSimilarItems[] = {
    {"popularity_discount_factor", Kind::kContinuous, "0.0", 0, 1},
    {"item_id_hidden_dim", Kind::kInteger, "100", 30, 200, true},
    {"item_metadata_hidden_dim", Kind::kInteger, "100", 30, 200, true},
};
constexpr Hyperparameter kSims[] = {
    {"popularity_discount_factor", Kind::kContinuous, "0.5", 0, 1, true},
    {"min_cointeraction_count", Kind::kInteger, "3", 0, 10, true},
};
constexpr Hyperparameter kSimsFeatures[] = {
    {"min_user_history_length_percentile", Kind::kContinuous, "0.005", 0, 1},
    {"max_user_history_length_percentile", Kind::kContinuous, "0.995", 0, 1},
    {"min_item_interaction_count_percentile", Kind::kContinuous, "0.01", 0, 1},
    {"max_item_interaction_count_percentile", Kind::kContinuous, "0.9", 0, 1},
};
constexpr std::string_view kTrendIntervals[] = {"30 minutes", "1 hour", "2 hours", "3 hours",
                                                "1 day"};
constexpr Hyperparameter kTrending[] = {
    {"trend_discovery_frequency", Kind::kChoice, "2 hours", 0, 0, false, kTrendIntervals}};
constexpr Hyperparameter kNextBestAction[] = {
    {"action_optimization_period", Kind::kInteger, "14", 7, 28}};
constexpr Hyperparameter kAffinity[] = {{"hidden_dimension", Kind::kInteger, "149", 32, 256}};
constexpr Hyperparameter kHrnn[] = {
    {"hidden_dimension", Kind::kInteger, "43", 32, 256, true},
    {"bptt", Kind::kInteger, "32", 2, 32, true},
    {"recency_mask", Kind::kBoolean, "true", 0, 0, true},
};
constexpr Hyperparameter kHrnnColdstart[] = {
    {"hidden_dimension", Kind::kInteger, "149", 32, 256, true},
    {"bptt", Kind::kInteger, "32", 2, 32, true},
    {"recency_mask", Kind::kBoolean, "true", 0, 0, true},
};
constexpr std::string_view kColdstartBases[] = {"latestItem", "currentTime"};
constexpr Hyperparameter kColdstartFeatures[] = {
    {"cold_start_max_interactions", Kind::kInteger, "15", 0, 1'000'000},
    {"cold_start_max_duration", Kind::kContinuous, "5.0", 0, 1'000'000},
    {"cold_start_relative_from", Kind::kChoice, "latestItem", 0, 0, false, kColdstartBases},
    {"min_user_history_length_percentile", Kind::kContinuous, "0.0", 0, 1},
    {"max_user_history_length_percentile", Kind::kContinuous, "0.99", 0, 1},
};

constexpr Recipe kRecipes[] = {
    {.name = "aws-user-personalization-v2",
     .type = kUserPersonalization,
     .description =
         "Items for a user from the sequence of their interactions, with exploration of new items.",
     .hyperparameters = kRecencyBias,
     .weighs_events = true},
    {.name = "aws-user-personalization",
     .type = kUserPersonalization,
     .description = "Items that a user will want next, learnt from everybody's interactions.",
     .hyperparameters = kSequence,
     .featurization = kHistoryLength},
    {.name = "aws-personalized-ranking-v2",
     .type = kPersonalizedRanking,
     .description = "A given list of items in the order of a user's interest, from the sequence of "
                    "their interactions.",
     .hyperparameters = kRecencyBias,
     .weighs_events = true},
    {.name = "aws-personalized-ranking",
     .type = kPersonalizedRanking,
     .description = "A given list of items in the order of a user's interest.",
     .feature_transformation = "JSON-percentile-filtering",
     .hyperparameters = kSequence,
     .featurization = kHistoryLength},
    {.name = "aws-popularity-count",
     .type = kUserPersonalization,
     .description = "The items with which the most different users have interacted; the same list "
                    "for everybody.",
     .feature_transformation = "sims"},
    {.name = "aws-trending-now",
     .type = kPopularItems,
     .description = "The items whose interactions grow fastest.",
     .algorithm = "aws-trending-now-custom",
     .featurization = kTrending,
     .batch_inference = false},
    {.name = "aws-similar-items",
     .type = kRelatedItems,
     .description = "Items like a given one, by who interacts with both and by their metadata.",
     .hyperparameters = kSimilarItems},
    {.name = "aws-sims",
     .type = kRelatedItems,
     .description = "Items with which the users of a given one interact, too.",
     .feature_transformation = "sims",
     .hyperparameters = kSims,
     .featurization = kSimsFeatures},
    {.name = "aws-semantic-similarity",
     .type = kRelatedItems,
     .description = "Items whose texts mean what a given item's text means."},
    {.name = "aws-next-best-action",
     .type = kPersonalizedActions,
     .description = "Actions that a user is most likely to take.",
     .featurization = kNextBestAction,
     .batch_inference = false},
    {.name = "aws-item-affinity",
     .type = kUserSegmentation,
     .description = "The users most likely to interact with a given item.",
     .feature_transformation = "item-affinity",
     .hyperparameters = kAffinity,
     .real_time = false,
     .batch_inference = false},
    {.name = "aws-item-attribute-affinity",
     .type = kUserSegmentation,
     .description = "The users most likely to interact with items that have a given attribute.",
     .feature_transformation = "item-attribute-affinity",
     .hyperparameters = kAffinity,
     .real_time = false,
     .batch_inference = false},
    {.name = "aws-hrnn",
     .type = kUserPersonalization,
     .description = "Legacy: items for a user by a hierarchical recurrent network.",
     .feature_transformation = "JSON-percentile-filtering",
     .hyperparameters = kHrnn,
     .featurization = kHistoryLength,
     .successor = "aws-user-personalization"},
    {.name = "aws-hrnn-metadata",
     .type = kUserPersonalization,
     .description = "Legacy: as aws-hrnn, with metadata of users and items.",
     .feature_transformation = "featurize_metadata",
     .hyperparameters = kHrnn,
     .featurization = kHistoryLength,
     .successor = "aws-user-personalization"},
    {.name = "aws-hrnn-coldstart",
     .type = kUserPersonalization,
     .description = "Legacy: as aws-hrnn-metadata, with exploration of new items.",
     .feature_transformation = "featurize_coldstart",
     .hyperparameters = kHrnnColdstart,
     .featurization = kColdstartFeatures,
     .successor = "aws-user-personalization"},
    {.name = "aws-ecomm-popular-items-by-views",
     .type = kPopularItems,
     .description = "The most viewed items.",
     .domain = "ECOMMERCE"},
    {.name = "aws-ecomm-popular-items-by-purchases",
     .type = kPopularItems,
     .description = "The best sellers.",
     .domain = "ECOMMERCE"},
    {.name = "aws-ecomm-frequently-bought-together",
     .type = kRelatedItems,
     .description = "Items bought together with a given one.",
     .domain = "ECOMMERCE"},
    {.name = "aws-ecomm-customers-who-viewed-x-also-viewed",
     .type = kRelatedItems,
     .description = "Items viewed by those who viewed a given one.",
     .domain = "ECOMMERCE"},
    {.name = "aws-ecomm-recommended-for-you",
     .type = kUserPersonalization,
     .description = "Items for a customer.",
     .domain = "ECOMMERCE"},
    {.name = "aws-vod-because-you-watched-x",
     .type = kRelatedItems,
     .description = "Titles for somebody who watched a given one.",
     .domain = "VIDEO_ON_DEMAND"},
    {.name = "aws-vod-more-like-x",
     .type = kRelatedItems,
     .description = "Titles like a given one.",
     .domain = "VIDEO_ON_DEMAND"},
    {.name = "aws-vod-most-popular",
     .type = kPopularItems,
     .description = "The most watched titles.",
     .domain = "VIDEO_ON_DEMAND"},
    {.name = "aws-vod-trending-now",
     .type = kPopularItems,
     .description = "The titles that gain viewers fastest.",
     .domain = "VIDEO_ON_DEMAND"},
    {.name = "aws-vod-top-picks",
     .type = kUserPersonalization,
     .description = "Titles for a viewer.",
     .domain = "VIDEO_ON_DEMAND"},
};

std::optional<double> Number(std::string_view text, bool whole) {
  double number = 0;
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = whole ? std::from_chars(text.data(), end, integer)
                                   : std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return whole ? static_cast<double>(integer) : number;
}

std::string Shown(double number, bool whole) {
  if (whole) return std::to_string(static_cast<std::int64_t>(number));
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, end};
}

}  // namespace

std::span<const Recipe> AllRecipes() { return kRecipes; }

const Recipe* FindRecipe(std::string_view arn) {
  const auto at = std::ranges::find_if(
      kRecipes, [&](const Recipe& recipe) { return BuiltInArn("recipe", recipe.name) == arn; });
  return at == std::end(kRecipes) ? nullptr : at;
}

bool IsTrainable(const Recipe& recipe) { return engine::FindRecipe(recipe.name).has_value(); }

bool LearnsFromItemsAlone(const Recipe& recipe) {
  const auto trained = engine::FindRecipe(recipe.name);
  return trained && !engine::NeedsInteractions((*trained)->kind);
}

std::string TrainableRecipes() {
  std::string names;
  for (const Recipe& recipe : kRecipes) {
    if (IsTrainable(recipe)) names += (names.empty() ? "" : ", ") + std::string(recipe.name);
  }
  return names;
}

std::optional<std::string> Violation(const Hyperparameter& parameter, std::string_view value) {
  const std::string given =
      std::string(parameter.name) + " is '" + std::string(value) + "', but must be ";
  switch (parameter.kind) {
    case Kind::kInteger:
    case Kind::kContinuous: {
      const bool whole = parameter.kind == Kind::kInteger;
      const auto number = Number(value, whole);
      if (number && *number >= parameter.min && *number <= parameter.max) return std::nullopt;
      return given + (whole ? "an integer" : "a number") + " from " + Shown(parameter.min, whole) +
             " to " + Shown(parameter.max, whole);
    }
    case Kind::kBoolean:
      if (engine::ParseBool(value)) return std::nullopt;
      return given + "true or false";
    case Kind::kChoice: {
      std::string choices;
      for (const std::string_view choice : parameter.choices) {
        if (choice == value) return std::nullopt;
        choices += (choices.empty() ? "'" : ", '") + std::string(choice) + "'";
      }
      return given + "one of " + choices;
    }
  }
  return given + "of a known kind";
}

}  // namespace usher::personalize
