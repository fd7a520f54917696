#include "services/personalize/train_job.h"

#include <charconv>
#include <filesystem>
#include <unordered_map>

#include "base/random.h"
#include "engine/item_model.h"
#include "engine/train.h"
#include "json/json.h"
#include "services/personalize/arns.h"
#include "services/personalize/campaigns.h"
#include "services/personalize/events_config.h"
#include "services/personalize/files.h"
#include "services/personalize/pinned_rows.h"
#include "services/personalize/recipes.h"
#include "services/personalize/training_metadata.h"
#include "services/personalize/tuning_config.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr double kSecondsPerHour = 3600;

Result<Stored<api::SolutionVersion>> Begin(Service& service, const std::string& arn) {
  return service.catalog.Modify<api::SolutionVersion>(
      arn, [&](Stored<api::SolutionVersion>& stored) -> Result<void> {
        std::string& status = *stored.resource.status;
        if (status == kCreateStopping || status == kCreateStopped) {
          return Cancelled("training was stopped");
        }
        if (status == kCreatePending) status = kCreateInProgress;
        return {};
      });
}

// The model folder of the version that an update continues; "" of a full training.
Result<std::string> ParentModel(const Service& service,
                                const Stored<api::SolutionVersion>& version) {
  const Value* parent = version.extra.Find("parent");
  if (!parent) return std::string();
  if (!parent->as_string()) return Corrupt("the version does not name the one it continues");
  const auto found = service.catalog.Find<api::SolutionVersion>(*parent->as_string());
  if (!found) return found.error();
  const auto folder = ModelFolder(service, *found);
  if (!folder) return Corrupt("the version that this one continues has no model");
  return folder->string();
}

// `update_from` as ParentModel gives it.
ValueMap ChildRequest(const api::SolutionVersion& version, const PinnedInteractions& rows,
                      const std::string& update_from, const std::string& work_folder) {
  ValueMap request;
  request.Set("interactions", rows.first);
  if (!rows.more.empty()) request.Set("moreInteractions", ValueList{rows.more});
  request.Set("model", work_folder + "/model");
  request.Set("checkpoints", work_folder + "/checkpoints");
  request.Set("recipe", std::string(FindRecipe(*version.recipe_arn)->name));
  std::map<std::string, std::string> parameters;
  if (version.solution_config) {
    const api::SolutionConfig& config = *version.solution_config;
    for (const auto& given :
         {config.algorithm_hyper_parameters, config.feature_transformation_parameters}) {
      if (given) parameters.insert(given->begin(), given->end());
    }
    if (config.event_value_threshold) {
      request.Set("eventValueThreshold", *config.event_value_threshold);
    }
  }
  if (!update_from.empty()) {
    request.Set("updateFrom", update_from);  // which has the hyperparameters, tuned or not
    parameters.clear();
  }
  request.Set("hyperparameters", wire::Write(parameters));
  if (version.perform_hpo.value_or(false) && update_from.empty()) {
    request.Set("tuning", TuningRequest(version.solution_config.value_or(api::SolutionConfig{})));
  }
  const auto events = EventRulesOf(version.event_type, version.solution_config);
  if (!events.empty()) request.Set("events", engine::ToValue(std::span(events)));
  return request;
}

// Moves the finished model to its place and makes the version ACTIVE.
Result<void> Publish(Service& service, const Stored<api::SolutionVersion>& version,
                     const std::string& trained, const Value& result) {
  const std::string name = "models/" + SecureHex(8);
  const std::filesystem::path place = std::filesystem::path(service.options.data_folder) / name;
  if (auto moved = MoveToPlace(trained, place); !moved) return moved;
  const auto changed = service.catalog.Modify<api::SolutionVersion>(
      *version.resource.solution_version_arn,
      [&](Stored<api::SolutionVersion>& stored) -> Result<void> {
        double seconds = 0;
        wire::ReadMember(result, "seconds", seconds);
        stored.resource.training_hours = seconds / kSecondsPerHour;
        stored.resource.status = std::string(kActive);
        stored.extra.Set("model", name);
        if (const Value* metrics = result.Find("metrics")) stored.extra.Set("metrics", *metrics);
        if (const Value* curve = result.Find("curve")) stored.extra.Set("curve", *curve);
        if (stored.resource.perform_hpo.value_or(false)) {
          std::map<std::string, std::string> hyperparameters;
          wire::ReadMember(result, "hyperparameters", hyperparameters);
          stored.resource.tuned_hpo_params =
              api::TunedHPOParams{.algorithm_hyper_parameters = TunedParameters(
                                      *FindRecipe(*stored.resource.recipe_arn), hyperparameters)};
        }
        return {};
      });
  return changed ? Result<void>{} : Result<void>(changed.error());
}

// None when the version learns from metadata alone.
Result<PinnedInteractions> PinRows(Service& service, const Stored<api::SolutionVersion>& version,
                                   const std::string& work_folder) {
  const Value* dataset_arn = version.extra.Find("dataset");
  if (!dataset_arn) return PinnedInteractions{};
  if (!dataset_arn->as_string()) return Corrupt("the version does not name its dataset");
  const auto dataset = service.catalog.Find<api::Dataset>(*dataset_arn->as_string());
  if (!dataset) return dataset.error();
  return PinInteractions(service, *dataset, work_folder);
}

Result<void> Run(Service& service, jobs::JobContext& job) {
  const auto version = Begin(service, job.spec().subject);
  if (!version) return version.error();
  // An earlier attempt may have come to the end of the training, but not of the job.
  if (version->resource.status != kActive) {
    const auto pinned = PinRows(service, *version, job.work_folder());
    if (!pinned) return pinned.error();
    const auto parent = ParentModel(service, *version);
    if (!parent) return parent.error();
    ValueMap request = ChildRequest(version->resource, *pinned, *parent, job.work_folder());
    const auto added = AddMetadata(service, version->resource, job.work_folder(), request);
    if (!added) return added;
    const auto answer = job.RunChild(kTrainChild, json::Write(Value(std::move(request))));
    if (!answer) return answer.error();
    const auto result = json::Parse(*answer);
    if (!result) return Internal("the training process answered no JSON");
    if (auto done = Publish(service, *version, job.work_folder() + "/model", *result); !done)
      return done;
  }
  return SyncCampaigns(service, *version->resource.solution_arn, job.spec().subject);
}

void Fail(Service& service, const jobs::JobSpec& spec, const Error& reason) {
  const auto changed = service.catalog.Modify<api::SolutionVersion>(
      spec.subject, [&](Stored<api::SolutionVersion>& stored) -> Result<void> {
        const bool stopped = reason.code == ErrorCode::kCancelled;
        stored.resource.status = std::string(stopped ? kCreateStopped : kCreateFailed);
        if (!stopped) stored.resource.failure_reason = reason.message;
        return {};
      });
  ReportLostFailure(changed, spec, reason);
}

// As insight.h gives it.
Value CurveValue(const engine::TrainingCurve& curve) {
  ValueList points;
  for (const engine::SweepScore& score : curve.scores) {
    ValueMap point;
    point.Append("sweep", static_cast<std::int64_t>(score.sweep));
    point.Append("ndcgAt10", score.ndcg_at_10);
    points.emplace_back(std::move(point));
  }
  ValueMap value;
  value.Append("people", static_cast<std::int64_t>(curve.users));
  value.Append("points", std::move(points));
  return Value(std::move(value));
}

// The rules of least data, in the words of the service where they are public.
Result<void> CheckEnough(const engine::InteractionTable& table) {
  if (table.size() < kMinInteractions) {
    return InvalidInput(
        "Create failed. Dataset has fewer than " + std::to_string(kMinInteractions) +
        " interactions after filtering: it has " + std::to_string(table.size()) + ".");
  }
  std::vector<std::uint32_t> counts(table.user_ids.size());
  std::uint64_t returning = 0;
  for (const std::uint32_t user : table.user) returning += ++counts[user] == 2;
  if (returning < kMinReturningUsers) {
    return InvalidInput("Create failed. Dataset has fewer than " +
                        std::to_string(kMinReturningUsers) +
                        " users with at least 2 interactions each.");
  }
  return {};
}

}  // namespace

jobs::JobType TrainJob(Service& service) {
  return {.name = std::string(kTrainJob),
          .run = [&service](jobs::JobContext& job) { return Run(service, job); },
          .on_failed = [&service](const jobs::JobSpec& spec,
                                  const Error& reason) { Fail(service, spec, reason); },
          .at_once = 1};  // one alone keeps all cores busy, and deployments shall find room
}

Result<Value> TrainChild(const Value& request, jobs::ChildContext& context) {
  std::string interactions;
  std::string model;
  engine::TrainOptions options;
  options.seed = kSeed;
  wire::ReadMember(request, "interactions", interactions);
  wire::ReadMember(request, "moreInteractions", options.more_interactions);
  wire::ReadMember(request, "model", model);
  wire::ReadMember(request, "recipe", options.recipe);
  wire::ReadMember(request, "checkpoints", options.checkpoint_folder);
  if (const Value* events = request.Find("events")) {
    auto rules = engine::ParseEventRules(*events);
    if (!rules) return rules.error();
    options.events = *std::move(rules);
  }
  wire::ReadMember(request, "updateFrom", options.update_from);
  std::map<std::string, std::string> parameters;
  wire::ReadMember(request, "hyperparameters", parameters);
  options.hyperparameters.insert(parameters.begin(), parameters.end());
  std::optional<std::string> threshold;
  wire::ReadMember(request, "eventValueThreshold", threshold);
  if (threshold) {
    double value = 0;
    std::from_chars(threshold->data(), threshold->data() + threshold->size(), value);
    options.event_value_threshold = value;  // CreateSolution has checked that it is a number
  }
  if (const Value* tuning = request.Find("tuning")) options.tuning = TuningOf(*tuning);
  options.progress = [&](const engine::TrainProgress& progress) {
    context.Report(progress.fraction, progress.stage);
  };
  const auto recipe = engine::FindRecipe(options.recipe);
  if (!recipe) return recipe.error();
  if (engine::NeedsInteractions((*recipe)->kind)) options.check = CheckEnough;
  if (const auto read = ReadMetadata(request, options); !read) return read.error();

  // An earlier attempt may have been killed between writing the model and saying so.
  std::error_code error;
  std::filesystem::remove_all(model, error);
  if (error) return Internal("cannot remove an earlier attempt's model: " + error.message());
  std::filesystem::create_directories(options.checkpoint_folder, error);
  if (error) return Internal("cannot make the folder of checkpoints: " + error.message());

  const auto trained = engine::Train(interactions, model, options);
  if (!trained) return trained.error();
  ValueMap result;
  result.Set("metrics", wire::Write(trained->metrics));
  result.Set("seconds", trained->seconds);
  result.Set("curve", CurveValue(trained->curve));
  result.Set("hyperparameters",
             wire::Write(std::map<std::string, std::string>(trained->hyperparameters.begin(),
                                                            trained->hyperparameters.end())));
  return Value(std::move(result));
}

}  // namespace usher::personalize
