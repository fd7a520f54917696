// The recipes of the service: what clients may list, describe and name in a solution.
// Source: Amazon Personalize developer guide, "Choosing a recipe", for names, types,
// hyperparameters and their ranges.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace usher::personalize {

enum class HyperparameterKind { kInteger, kContinuous, kBoolean, kChoice };

struct Hyperparameter {
  std::string_view name;
  HyperparameterKind kind;
  std::string_view default_value;
  double min = 0;  // numbers
  double max = 0;
  bool tunable = false;                            // by hyperparameter optimisation
  std::span<const std::string_view> choices = {};  // kChoice
};

// A recipe trains by an algorithm after a feature transformation; both carry hyperparameters of
// their own.
struct Recipe {
  std::string_view name;
  std::string_view type;  // "USER_PERSONALIZATION" …
  std::string_view description;
  std::string_view domain = {};                  // "ECOMMERCE", "VIDEO_ON_DEMAND" or none
  std::string_view algorithm = {};               // name where it differs from the recipe's
  std::string_view feature_transformation = {};  // likewise
  std::span<const Hyperparameter> hyperparameters = {};
  std::span<const Hyperparameter> featurization = {};
  bool real_time = true;       // serves campaigns
  bool weighs_events = false;  // by eventsConfig
  bool batch_inference = true;
  std::string_view successor = {};  // of a recipe that can no longer be created

  [[nodiscard]] std::string_view algorithm_name() const {
    return algorithm.empty() ? name : algorithm;
  }
  [[nodiscard]] std::string_view feature_transformation_name() const {
    return feature_transformation.empty() ? name : feature_transformation;
  }
};

inline constexpr std::string_view kUserPersonalization = "USER_PERSONALIZATION";
inline constexpr std::string_view kPersonalizedRanking = "PERSONALIZED_RANKING";
inline constexpr std::string_view kRelatedItems = "RELATED_ITEMS";
inline constexpr std::string_view kPopularItems = "POPULAR_ITEMS";
inline constexpr std::string_view kPersonalizedActions = "PERSONALIZED_ACTIONS";
inline constexpr std::string_view kUserSegmentation = "USER_SEGMENTATION";

std::span<const Recipe> AllRecipes();
// By ARN; nullptr when there is none.
const Recipe* FindRecipe(std::string_view arn);
// Whether the engine can train it.
[[nodiscard]] bool IsTrainable(const Recipe& recipe);
// Whether it is trained on the items' metadata and can do without interactions.
[[nodiscard]] bool LearnsFromItemsAlone(const Recipe& recipe);
// "aws-user-personalization, aws-personalized-ranking …": for messages.
[[nodiscard]] std::string TrainableRecipes();
// Why `value` may not stand for this hyperparameter; nullopt when it may.
[[nodiscard]] std::optional<std::string> Violation(const Hyperparameter& parameter,
                                                   std::string_view value);

}  // namespace usher::personalize
