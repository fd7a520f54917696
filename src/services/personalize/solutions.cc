#include "services/personalize/solutions.h"

#include <charconv>
#include <filesystem>

#include "base/log.h"
#include "services/personalize/arns.h"
#include "services/personalize/events_config.h"
#include "services/personalize/recipes.h"
#include "services/personalize/solution_versions.h"
#include "services/personalize/tags.h"
#include "services/personalize/tuning_config.h"

namespace usher::personalize {
namespace {

using Parameters = std::map<std::string, std::string>;

Result<void> CheckParameters(const Recipe& recipe, std::string_view member,
                             std::span<const Hyperparameter> known,
                             const std::optional<Parameters>& given) {
  if (!given) return {};
  for (const auto& [name, value] : *given) {
    const Hyperparameter* parameter = nullptr;
    std::string names;
    for (const Hyperparameter& candidate : known) {
      if (candidate.name == name) parameter = &candidate;
      names += (names.empty() ? "" : ", ") + std::string(candidate.name);
    }
    if (!parameter) {
      return InvalidInput(std::string(member) + " of recipe " + std::string(recipe.name) +
                          " has no '" + name + "'; known are: " + (names.empty() ? "none" : names));
    }
    if (const auto violation = Violation(*parameter, value)) return InvalidInput(*violation);
  }
  return {};
}

// The recipe that a solution may be trained with. Errors: invalid input, not found.
Result<const Recipe*> TrainableRecipe(const std::optional<std::string>& arn) {
  if (!arn) {
    return InvalidInput("recipeArn is required; trainable recipes are: " + TrainableRecipes());
  }
  const Recipe* recipe = FindRecipe(*arn);
  if (!recipe) return ResourceNotFound(*arn);
  if (IsTrainable(*recipe)) return recipe;
  const std::string name(recipe->name);
  if (!recipe->domain.empty()) {
    return InvalidInput(
        "recipe " + name +
        " is for recommenders, not for solutions; trainable recipes are: " + TrainableRecipes());
  }
  if (!recipe->successor.empty()) {
    return InvalidInput("recipe " + name + " can no longer be used in new solutions; use " +
                        std::string(recipe->successor) +
                        " instead. Trainable recipes are: " + TrainableRecipes());
  }
  return InvalidInput(
      "recipe " + name +
      " cannot be trained by Usher yet; trainable recipes are: " + TrainableRecipes());
}

Result<void> CheckConfig(const Recipe& recipe, const std::optional<std::string>& event_type,
                         const api::SolutionConfig& config) {
  if (auto valid = CheckParameters(recipe, "algorithmHyperParameters", recipe.hyperparameters,
                                   config.algorithm_hyper_parameters);
      !valid) {
    return valid;
  }
  if (auto valid = CheckParameters(recipe, "featureTransformationParameters", recipe.featurization,
                                   config.feature_transformation_parameters);
      !valid) {
    return valid;
  }
  if (config.event_value_threshold) {
    const std::string& text = *config.event_value_threshold;
    double threshold = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, threshold);
    if (error != std::errc() || stop != end) {
      return InvalidInput("eventValueThreshold is '" + text + "', but must be a number");
    }
  }
  if (config.auto_ml_config) {
    return InvalidInput("autoMLConfig is not supported by Usher: name a recipe instead");
  }
  if (config.events_config) {
    if (auto valid = CheckEventsConfig(recipe, event_type, *config.events_config); !valid) {
      return valid;
    }
  }
  if (config.optimization_objective &&
      config.optimization_objective->objective_sensitivity.value_or("OFF") != "OFF") {
    return InvalidInput("optimizationObjective is not supported by Usher yet");
  }
  if (config.auto_training_config) {
    return InvalidInput(
        "autoTrainingConfig needs automatic training, which is not supported by Usher yet");
  }
  return {};
}

}  // namespace

Result<api::CreateSolutionResponse> CreateSolution(const api::CreateSolutionRequest& request,
                                                   Service& service, wire::CallContext& context) {
  if (request.perform_auto_ml.value_or(false)) {
    return InvalidInput(
        "performAutoML is not supported by Usher: name a recipe instead; trainable are: " +
        TrainableRecipes());
  }
  if (request.perform_auto_training.value_or(false)) {
    return InvalidInput(
        "performAutoTraining is not supported by Usher yet: leave it out or set it to false, and "
        "call CreateSolutionVersion to train");
  }
  const auto recipe = TrainableRecipe(request.recipe_arn);
  if (!recipe) return recipe.error();
  const api::SolutionConfig config = request.solution_config.value_or(api::SolutionConfig{});
  if (const auto valid = CheckConfig(**recipe, request.event_type, config); !valid)
    return valid.error();
  const bool perform_hpo = request.perform_hpo.value_or(false);
  if (const auto valid = CheckTuning(**recipe, perform_hpo, config); !valid) return valid.error();

  const auto group = service.catalog.Find<api::DatasetGroup>(request.dataset_group_arn);
  if (!group) return group.error();
  if (group->resource.status != kActive) {
    return InUse("dataset group " + request.dataset_group_arn + " is not ACTIVE but " +
                 group->resource.status.value_or(""));
  }

  const Time now = service.clock.Now();
  api::Solution solution{
      .name = request.name,
      .solution_arn = MakeArn(context.region, "solution", request.name),
      .perform_hpo = perform_hpo,
      .perform_auto_ml = false,
      .perform_auto_training = false,
      .perform_incremental_update = request.perform_incremental_update.value_or(false),
      .recipe_arn = request.recipe_arn,
      .dataset_group_arn = request.dataset_group_arn,
      .event_type = request.event_type,
      .solution_config = perform_hpo ? WithTuningDefaults(config) : request.solution_config,
      .auto_ml_result = std::nullopt,
      .status = std::string(kActive),
      .creation_date_time = now,
      .last_updated_date_time = now,
      .latest_solution_version = std::nullopt,
      .latest_solution_update = std::nullopt,
  };
  storage::Batch batch;
  service.catalog.Require<api::DatasetGroup>(batch, request.dataset_group_arn);
  service.catalog.Create(batch, solution);
  if (const auto tagged = AddTags(batch, *solution.solution_arn, request.tags); !tagged)
    return tagged.error();
  if (const auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::CreateSolutionResponse{.solution_arn = solution.solution_arn};
}

Result<api::DescribeSolutionResponse> DescribeSolution(const api::DescribeSolutionRequest& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  auto solution = service.catalog.Find<api::Solution>(request.solution_arn);
  if (!solution) return std::move(solution).error();
  auto versions = service.catalog.ListAll<api::SolutionVersion>(request.solution_arn);
  if (!versions) return std::move(versions).error();
  if (!versions->empty()) {
    solution->resource.latest_solution_version =
        Summarise<api::SolutionVersionSummary>(versions->back().resource);
  }
  return api::DescribeSolutionResponse{.solution = std::move(solution->resource)};
}

Result<api::ListSolutionsResponse> ListSolutions(const api::ListSolutionsRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::Solution>(request.dataset_group_arn, request.next_token,
                                                  request.max_results);
  if (!page) return std::move(page).error();
  api::ListSolutionsResponse response{.solutions = std::vector<api::SolutionSummary>{},
                                      .next_token = std::move(page->next_token)};
  for (const auto& solution : page->resources) {
    response.solutions->push_back(Summarise<api::SolutionSummary>(solution.resource));
  }
  return response;
}

Result<api::UpdateSolutionResponse> UpdateSolution(const api::UpdateSolutionRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  if (request.perform_auto_training.value_or(false)) {
    return InvalidInput(
        "performAutoTraining is not supported by Usher yet: leave it out or set it to false");
  }
  if (request.solution_update_config && request.solution_update_config->auto_training_config) {
    return InvalidInput(
        "autoTrainingConfig needs automatic training, which is not supported by Usher yet");
  }
  const auto changed = service.catalog.Modify<api::Solution>(
      request.solution_arn, [&](Stored<api::Solution>& stored) -> Result<void> {
        api::Solution& solution = stored.resource;
        if (request.solution_update_config && request.solution_update_config->events_config) {
          const api::EventsConfig& events = *request.solution_update_config->events_config;
          const auto valid =
              CheckEventsConfig(*FindRecipe(*solution.recipe_arn), solution.event_type, events);
          if (!valid) return valid;
          if (!solution.solution_config) solution.solution_config.emplace();
          solution.solution_config->events_config = events;
        }
        if (request.perform_incremental_update) {
          solution.perform_incremental_update = request.perform_incremental_update;
        }
        const Time now = service.clock.Now();
        solution.latest_solution_update = api::SolutionUpdateSummary{
            .solution_update_config = request.solution_update_config,
            .status = std::string(kActive),
            .perform_auto_training = solution.perform_auto_training,
            .perform_incremental_update = solution.perform_incremental_update,
            .creation_date_time = now,
            .last_updated_date_time = now,
            .failure_reason = std::nullopt};
        return {};
      });
  if (!changed) return changed.error();
  return api::UpdateSolutionResponse{.solution_arn = request.solution_arn};
}

Result<api::DeleteSolutionResponse> DeleteSolution(const api::DeleteSolutionRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto solution = service.catalog.Find<api::Solution>(request.solution_arn);
  if (!solution) return solution.error();
  const auto campaigns = service.catalog.ListAll<api::Campaign>(request.solution_arn);
  if (!campaigns) return campaigns.error();
  if (!campaigns->empty()) {
    return InUse("solution " + request.solution_arn + " is deployed by campaign " +
                 *campaigns->front().resource.campaign_arn + ": delete that first");
  }
  const auto versions = service.catalog.ListAll<api::SolutionVersion>(request.solution_arn);
  if (!versions) return versions.error();
  storage::Batch batch;
  service.catalog.Delete(batch, *solution);
  RemoveTags(batch, request.solution_arn);
  for (const auto& version : *versions) {
    if (IsBeingCreated(*version.resource.status)) {
      return InUse("solution version " + *version.resource.solution_version_arn + " is " +
                   *version.resource.status + ": wait for it or stop it first");
    }
    service.catalog.Delete(batch, version);
    RemoveTags(batch, *version.resource.solution_version_arn);
  }
  // Whatever came into being since the checks above.
  service.catalog.RequireNoneUnder<api::SolutionVersion>(batch, request.solution_arn);
  service.catalog.RequireNoneUnder<api::Campaign>(batch, request.solution_arn);
  if (const auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  for (const auto& version : *versions) RemoveModel(service, version);
  return api::DeleteSolutionResponse{};
}

}  // namespace usher::personalize
