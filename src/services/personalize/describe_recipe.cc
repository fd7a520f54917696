#include "services/personalize/describe_recipe.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "services/personalize/arns.h"
#include "services/personalize/recipes.h"

namespace usher::personalize {
namespace {

// What is built in has existed since the service began.
const Time kBuiltInSince = FromEpochMillis(1'560'124'800'000);  // 2019-06-10

std::map<std::string, std::string> Defaults(std::span<const Hyperparameter> parameters) {
  std::map<std::string, std::string> defaults;
  for (const Hyperparameter& parameter : parameters) {
    defaults.emplace(parameter.name, parameter.default_value);
  }
  return defaults;
}

api::DefaultHyperParameterRanges Ranges(std::span<const Hyperparameter> parameters) {
  api::DefaultHyperParameterRanges ranges;
  auto& integers = ranges.integer_hyper_parameter_ranges.emplace();
  auto& reals = ranges.continuous_hyper_parameter_ranges.emplace();
  auto& choices = ranges.categorical_hyper_parameter_ranges.emplace();
  for (const Hyperparameter& parameter : parameters) {
    const std::string name(parameter.name);
    switch (parameter.kind) {
      case HyperparameterKind::kInteger:
        integers.push_back({.name = name,
                            .min_value = static_cast<std::int64_t>(parameter.min),
                            .max_value = static_cast<std::int64_t>(parameter.max),
                            .is_tunable = parameter.tunable});
        break;
      case HyperparameterKind::kContinuous:
        reals.push_back({.name = name,
                         .min_value = parameter.min,
                         .max_value = parameter.max,
                         .is_tunable = parameter.tunable});
        break;
      case HyperparameterKind::kBoolean:
        choices.push_back({.name = name,
                           .values = std::vector<std::string>{"true", "false"},
                           .is_tunable = parameter.tunable});
        break;
      case HyperparameterKind::kChoice:
        choices.push_back(
            {.name = name,
             .values = std::vector<std::string>(parameter.choices.begin(), parameter.choices.end()),
             .is_tunable = parameter.tunable});
        break;
    }
  }
  return ranges;
}

}  // namespace

Result<api::DescribeRecipeResponse> DescribeRecipe(const api::DescribeRecipeRequest& request) {
  const Recipe* recipe = FindRecipe(request.recipe_arn);
  if (!recipe) return ResourceNotFound(request.recipe_arn);
  return api::DescribeRecipeResponse{
      .recipe = api::Recipe{
          .name = std::string(recipe->name),
          .recipe_arn = request.recipe_arn,
          .algorithm_arn = BuiltInArn("algorithm", recipe->algorithm_name()),
          .feature_transformation_arn =
              BuiltInArn("feature-transformation", recipe->feature_transformation_name()),
          .status = std::string(kActive),
          .description = std::string(recipe->description),
          .creation_date_time = kBuiltInSince,
          .recipe_type = std::string(recipe->type),
          .last_updated_date_time = kBuiltInSince,
      }};
}

Result<api::ListRecipesResponse> ListRecipes(const api::ListRecipesRequest& request) {
  std::size_t at = 0;
  if (request.next_token) {
    const char* end = request.next_token->data() + request.next_token->size();
    const auto [stop, error] = std::from_chars(request.next_token->data(), end, at);
    if (error != std::errc() || stop != end || at > AllRecipes().size()) {
      return Error{ErrorCode::kInvalidNextToken, "The token is not valid: " + *request.next_token};
    }
  }
  const auto limit = static_cast<std::size_t>(request.max_results.value_or(Catalog::kMaxPageSize));
  api::ListRecipesResponse response;
  auto& recipes = response.recipes.emplace();
  for (; at < AllRecipes().size() && recipes.size() < limit; ++at) {
    const Recipe& recipe = AllRecipes()[at];
    if (request.domain && recipe.domain != *request.domain) continue;
    api::RecipeSummary summary{.name = std::string(recipe.name),
                               .recipe_arn = BuiltInArn("recipe", recipe.name),
                               .status = std::string(kActive),
                               .creation_date_time = kBuiltInSince,
                               .last_updated_date_time = kBuiltInSince};
    if (!recipe.domain.empty()) summary.domain = std::string(recipe.domain);
    recipes.push_back(std::move(summary));
  }
  const bool more = std::ranges::any_of(AllRecipes().subspan(at), [&](const Recipe& recipe) {
    return !request.domain || recipe.domain == *request.domain;
  });
  if (more) response.next_token = std::to_string(at);
  return response;
}

Result<api::DescribeAlgorithmResponse> DescribeAlgorithm(
    const api::DescribeAlgorithmRequest& request) {
  for (const Recipe& recipe : AllRecipes()) {
    if (BuiltInArn("algorithm", recipe.algorithm_name()) != request.algorithm_arn) continue;
    return api::DescribeAlgorithmResponse{
        .algorithm = api::Algorithm{
            .name = std::string(recipe.algorithm_name()),
            .algorithm_arn = request.algorithm_arn,
            .default_hyper_parameters = Defaults(recipe.hyperparameters),
            .default_hyper_parameter_ranges = Ranges(recipe.hyperparameters),
            .creation_date_time = kBuiltInSince,
            .last_updated_date_time = kBuiltInSince,
        }};
  }
  return ResourceNotFound(request.algorithm_arn);
}

Result<api::DescribeFeatureTransformationResponse> DescribeFeatureTransformation(
    const api::DescribeFeatureTransformationRequest& request) {
  // Several recipes share a transformation; those that let its parameters be set agree on them.
  const Recipe* found = nullptr;
  for (const Recipe& recipe : AllRecipes()) {
    if (BuiltInArn("feature-transformation", recipe.feature_transformation_name()) !=
        request.feature_transformation_arn) {
      continue;
    }
    if (!found || found->featurization.empty()) found = &recipe;
  }
  if (!found) return ResourceNotFound(request.feature_transformation_arn);
  return api::DescribeFeatureTransformationResponse{
      .feature_transformation = api::FeatureTransformation{
          .name = std::string(found->feature_transformation_name()),
          .feature_transformation_arn = request.feature_transformation_arn,
          .default_parameters = Defaults(found->featurization),
          .creation_date_time = kBuiltInSince,
          .last_updated_date_time = kBuiltInSince,
          .status = std::string(kActive),
      }};
}

}  // namespace usher::personalize
