#include "services/personalize/batch_inference_jobs.h"

#include "services/personalize/arns.h"
#include "services/personalize/batch_filter.h"
#include "services/personalize/batch_job.h"
#include "services/personalize/batch_request.h"
#include "services/personalize/exploration.h"
#include "services/personalize/recipes.h"
#include "services/personalize/tags.h"

namespace usher::personalize {
namespace {

constexpr std::int64_t kMaxNumResults = 500;

Result<void> RefuseWhatIsNotBuilt(const api::CreateBatchInferenceJobRequest& request) {
  if (request.batch_inference_job_mode.value_or("BATCH_INFERENCE") != "BATCH_INFERENCE" ||
      request.theme_generation_config) {
    return InvalidInput("theme generation is not supported by Usher");
  }
  return {};
}

Result<void> CheckRankingInfluence(const Recipe& recipe,
                                   const std::optional<api::BatchInferenceJobConfig>& config) {
  if (!config || !config->ranking_influence || config->ranking_influence->empty()) return {};
  return InvalidInput(recipe.name == "aws-semantic-similarity"
                          ? "rankingInfluence is not supported by Usher yet: leave it out"
                          : "rankingInfluence is only for recipe aws-semantic-similarity");
}

}  // namespace

Result<api::CreateBatchInferenceJobResponse> CreateBatchInferenceJob(
    const api::CreateBatchInferenceJobRequest& request, Service& service,
    wire::CallContext& context) {
  const std::string& input = request.job_input.s3_data_source.path;
  const std::string& output = request.job_output.s3_data_destination.path;
  if (auto valid = CheckBatchLocations(input, output); !valid) return valid.error();
  if (auto built = RefuseWhatIsNotBuilt(request); !built) return built.error();
  const std::int64_t count = request.num_results.value_or(kDefaultNumResults);
  if (auto valid = CheckNumResults(count, kMaxNumResults); !valid) return valid.error();
  const auto version = service.catalog.Find<api::SolutionVersion>(request.solution_version_arn);
  if (!version) return version.error();
  const Recipe* recipe = FindRecipe(*version->resource.recipe_arn);
  if (!recipe || !recipe->batch_inference) {
    return InvalidInput("recipe " + *version->resource.recipe_arn + " has no batch inference" +
                        (recipe && recipe->type == kUserSegmentation
                             ? ": call CreateBatchSegmentJob with this solution version"
                             : ""));
  }
  if (auto valid = CheckRankingInfluence(*recipe, request.batch_inference_job_config); !valid) {
    return valid.error();
  }
  const auto& config = request.batch_inference_job_config;
  if (const auto valid =
          CheckExplorationConfig(*recipe, config ? config->item_exploration_config : std::nullopt);
      !valid) {
    return valid.error();
  }
  if (request.filter_arn) {
    const auto valid = CheckBatchFilter(service, *request.filter_arn, version->resource, *recipe);
    if (!valid) return valid.error();
  }
  if (auto active = CheckActive(version->resource); !active) return active.error();

  const Time now = service.clock.Now();
  api::BatchInferenceJob job{
      .job_name = request.job_name,
      .batch_inference_job_arn = MakeArn(context.region, "batch-inference-job", request.job_name),
      .filter_arn = request.filter_arn,
      .failure_reason = std::nullopt,
      .solution_version_arn = request.solution_version_arn,
      .num_results = count,
      .job_input = request.job_input,
      .job_output = request.job_output,
      .batch_inference_job_config = request.batch_inference_job_config,
      .role_arn = request.role_arn,
      .batch_inference_job_mode = "BATCH_INFERENCE",
      .theme_generation_config = std::nullopt,
      .status = std::string(kCreatePending),
      .creation_date_time = now,
      .last_updated_date_time = now,
  };
  storage::Batch batch;
  service.catalog.Require<api::SolutionVersion>(batch, request.solution_version_arn);
  if (request.filter_arn) service.catalog.Require<api::Filter>(batch, *request.filter_arn);
  service.catalog.Create(batch, job);
  if (auto tagged = AddTags(batch, *job.batch_inference_job_arn, request.tags); !tagged)
    return tagged.error();
  service.jobs.Enqueue(
      batch,
      {.type = std::string(kBatchJob), .subject = *job.batch_inference_job_arn, .payload = ""});
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.jobs.Wake();
  return api::CreateBatchInferenceJobResponse{.batch_inference_job_arn =
                                                  job.batch_inference_job_arn};
}

Result<api::DescribeBatchInferenceJobResponse> DescribeBatchInferenceJob(
    const api::DescribeBatchInferenceJobRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto job = service.catalog.Find<api::BatchInferenceJob>(request.batch_inference_job_arn);
  if (!job) return std::move(job).error();
  return api::DescribeBatchInferenceJobResponse{.batch_inference_job = std::move(job->resource)};
}

Result<api::ListBatchInferenceJobsResponse> ListBatchInferenceJobs(
    const api::ListBatchInferenceJobsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::BatchInferenceJob>(request.solution_version_arn,
                                                           request.next_token, request.max_results);
  if (!page) return std::move(page).error();
  api::ListBatchInferenceJobsResponse response{
      .batch_inference_jobs = std::vector<api::BatchInferenceJobSummary>{},
      .next_token = std::move(page->next_token)};
  for (const auto& job : page->resources) {
    response.batch_inference_jobs->push_back(
        Summarise<api::BatchInferenceJobSummary>(job.resource));
  }
  return response;
}

}  // namespace usher::personalize
