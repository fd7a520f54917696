#include "services/personalize/solution_versions.h"

#include <filesystem>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "services/personalize/arns.h"
#include "services/personalize/files.h"
#include "services/personalize/recipes.h"
#include "services/personalize/tags.h"
#include "services/personalize/train_job.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

// Of the recipes that can be created, the one that the service updates.
constexpr std::string_view kUpdatableRecipe = "aws-user-personalization";

constexpr std::size_t kIdBytes = 4;  // eight hexadecimal digits name a version within its solution

// A dataset to train on. Errors: invalid input when it is not there or has no rows yet.
Result<Stored<api::Dataset>> TrainingDataset(const Service& service, const std::string& group_arn,
                                             std::string_view type) {
  const std::string rows = AsciiLower(type);
  const auto datasets = service.catalog.ListAll<api::Dataset>(group_arn);
  if (!datasets) return datasets.error();
  for (const auto& dataset : *datasets) {
    if (dataset.resource.dataset_type != type) continue;
    if (DatasetFile(service, dataset) || EventsFolderOf(service, dataset)) return dataset;
    return InvalidInput("dataset " + *dataset.resource.dataset_arn + " has no " + rows +
                        " yet: import them with CreateDatasetImportJob, or send " +
                        (type == "ITEMS" ? "PutItems" : "PutEvents") + ", first");
  }
  const std::string name = type == "ITEMS" ? "Items" : "Interactions";
  return InvalidInput("dataset group " + group_arn + " has no " + name +
                      " dataset: create one and import " + rows + " first");
}

// The newest version that an update of the solution continues. Errors: invalid input.
Result<std::string> VersionToUpdate(const Service& service, const api::Solution& solution) {
  const Recipe* recipe = FindRecipe(*solution.recipe_arn);
  if (recipe == nullptr || recipe->name != kUpdatableRecipe) {
    return InvalidInput("trainingMode UPDATE is for recipe " + std::string(kUpdatableRecipe) +
                        ", but solution " + *solution.solution_arn + " has " +
                        *solution.recipe_arn + ": use FULL");
  }
  const auto versions = service.catalog.ListAll<api::SolutionVersion>(*solution.solution_arn);
  if (!versions) return versions.error();
  std::optional<std::string> newest;
  for (const auto& version : *versions) {  // oldest first
    const bool full =
        version.resource.training_mode.value_or(std::string(kFullTraining)) == kFullTraining;
    if (full && version.resource.status == kActive) newest = version.resource.solution_version_arn;
  }
  if (newest) return *newest;
  return InvalidInput(
      "trainingMode UPDATE continues from an ACTIVE version that was trained with FULL, and "
      "solution " +
      *solution.solution_arn + " has none: use FULL");
}

}  // namespace

bool IsBeingCreated(std::string_view status) {
  return status == kCreatePending || status == kCreateInProgress || status == kCreateStopping;
}

Result<api::CreateSolutionVersionResponse> CreateSolutionVersion(
    const api::CreateSolutionVersionRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const std::string mode = request.training_mode.value_or(std::string(kFullTraining));
  if (mode != kFullTraining && mode != kUpdateTraining) {
    return InvalidInput("trainingMode " + mode +
                        " is not supported by Usher yet: use FULL or UPDATE");
  }
  const auto solution = service.catalog.Find<api::Solution>(request.solution_arn);
  if (!solution) return solution.error();
  if (solution->resource.status != kActive) {
    return InUse("solution " + request.solution_arn + " is not ACTIVE but " +
                 solution->resource.status.value_or(""));
  }
  std::optional<std::string> parent;
  if (mode == kUpdateTraining) {
    auto found = VersionToUpdate(service, solution->resource);
    if (!found) return found.error();
    parent = *std::move(found);
  }
  const std::string& group_arn = *solution->resource.dataset_group_arn;
  const bool from_items = LearnsFromItemsAlone(*FindRecipe(*solution->resource.recipe_arn));
  const auto interactions = TrainingDataset(service, group_arn, "INTERACTIONS");
  if (!interactions && !from_items) return interactions.error();
  if (from_items) {
    if (const auto items = TrainingDataset(service, group_arn, "ITEMS"); !items) {
      return items.error();
    }
  }

  const std::string id = SecureHex(kIdBytes);
  const Time now = service.clock.Now();
  api::SolutionVersion version{
      .name = request.name.value_or(*solution->resource.name + "/" + id),
      .solution_version_arn = request.solution_arn + "/" + id,
      .solution_arn = request.solution_arn,
      .perform_hpo = solution->resource.perform_hpo,
      .perform_auto_ml = solution->resource.perform_auto_ml,
      .perform_incremental_update = solution->resource.perform_incremental_update,
      .recipe_arn = solution->resource.recipe_arn,
      .event_type = solution->resource.event_type,
      .dataset_group_arn = solution->resource.dataset_group_arn,
      .solution_config = solution->resource.solution_config,
      .training_hours = std::nullopt,
      .training_mode = mode,
      .tuned_hpo_params = std::nullopt,
      .status = std::string(kCreatePending),
      .failure_reason = std::nullopt,
      .creation_date_time = now,
      .last_updated_date_time = now,
      .training_type = "MANUAL",
  };
  ValueMap extra;
  if (interactions) extra.Set("dataset", *interactions->resource.dataset_arn);
  if (parent) extra.Set("parent", *parent);
  storage::Batch batch;
  service.catalog.Require<api::Solution>(batch, request.solution_arn);
  service.catalog.Create(batch, version, extra);
  if (const auto tagged = AddTags(batch, *version.solution_version_arn, request.tags); !tagged) {
    return tagged.error();
  }
  service.jobs.Enqueue(
      batch,
      {.type = std::string(kTrainJob), .subject = *version.solution_version_arn, .payload = ""});
  if (const auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.jobs.Wake();
  return api::CreateSolutionVersionResponse{.solution_version_arn = version.solution_version_arn};
}

Result<api::DescribeSolutionVersionResponse> DescribeSolutionVersion(
    const api::DescribeSolutionVersionRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto version = service.catalog.Find<api::SolutionVersion>(request.solution_version_arn);
  if (!version) return std::move(version).error();
  return api::DescribeSolutionVersionResponse{.solution_version = std::move(version->resource)};
}

Result<api::ListSolutionVersionsResponse> ListSolutionVersions(
    const api::ListSolutionVersionsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  if (request.solution_arn) {
    const auto solution = service.catalog.Find<api::Solution>(*request.solution_arn);
    if (!solution) return solution.error();
  }
  auto page = service.catalog.List<api::SolutionVersion>(request.solution_arn, request.next_token,
                                                         request.max_results);
  if (!page) return std::move(page).error();
  api::ListSolutionVersionsResponse response{
      .solution_versions = std::vector<api::SolutionVersionSummary>{},
      .next_token = std::move(page->next_token)};
  for (const auto& version : page->resources) {
    response.solution_versions->push_back(Summarise<api::SolutionVersionSummary>(version.resource));
  }
  return response;
}

Result<api::StopSolutionVersionCreationResponse> StopSolutionVersionCreation(
    const api::StopSolutionVersionCreationRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto changed = service.catalog.Modify<api::SolutionVersion>(
      request.solution_version_arn, [&](Stored<api::SolutionVersion>& stored) -> Result<void> {
        std::string& status = *stored.resource.status;
        if (status == kCreatePending) {
          status = kCreateStopped;
        } else if (status == kCreateInProgress) {
          status = kCreateStopping;
        } else {
          return InUse(
              "solution version " + request.solution_version_arn + " is " + status +
              "; only a version that is CREATE PENDING or CREATE IN_PROGRESS can be stopped");
        }
        return {};
      });
  if (!changed) return changed.error();
  if (auto stop = service.jobs.RequestStop(kTrainJob, request.solution_version_arn); !stop)
    return stop.error();
  return api::StopSolutionVersionCreationResponse{};
}

Result<api::GetSolutionMetricsResponse> GetSolutionMetrics(
    const api::GetSolutionMetricsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto version = service.catalog.Find<api::SolutionVersion>(request.solution_version_arn);
  if (!version) return version.error();
  if (version->resource.status != kActive) {
    return InUse("solution version " + request.solution_version_arn +
                 " has no metrics: it is not ACTIVE but " + *version->resource.status);
  }
  api::GetSolutionMetricsResponse response{.solution_version_arn = request.solution_version_arn,
                                           .metrics = std::map<std::string, double>{}};
  if (const Value* metrics = version->extra.Find("metrics"))
    wire::Read(*metrics, *response.metrics);
  return response;
}

void RemoveModel(const Service& service, const Stored<api::SolutionVersion>& version) {
  const auto folder = ModelFolder(service, version);
  if (!folder) return;
  std::error_code error;
  std::filesystem::remove_all(*folder, error);
  if (error)
    Log(LogLevel::kWarning, "a deleted model's files stay until the next start",
        {{"error", error.message()}});
}

Result<void> SweepModels(const Service& service) {
  const auto versions = service.catalog.ListAll<api::SolutionVersion>(std::nullopt);
  if (!versions) return versions.error();
  std::vector<std::filesystem::path> kept;
  for (const auto& version : *versions) {
    if (auto folder = ModelFolder(service, version)) kept.push_back(std::move(*folder));
  }
  return SweepFolder(ModelsFolder(service), kept);
}

}  // namespace usher::personalize
