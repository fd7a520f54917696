#include "services/personalize/batch_segment_jobs.h"

#include "engine/item_answers.h"
#include "services/personalize/arns.h"
#include "services/personalize/batch_filter.h"
#include "services/personalize/batch_job.h"
#include "services/personalize/batch_request.h"
#include "services/personalize/recipes.h"
#include "services/personalize/tags.h"

namespace usher::personalize {
namespace {

// Says what to do instead: whoever asks for a segment with another recipe has usually mixed up two
// solution versions.
Result<void> CheckRecipe(const api::SolutionVersion& version) {
  const Recipe* recipe = FindRecipe(version.recipe_arn.value_or(""));
  if (recipe && recipe->type == kUserSegmentation) return {};
  return InvalidInput(
      "solution version " + *version.solution_version_arn + " was trained with recipe " +
      version.recipe_arn.value_or("(none)") +
      (recipe ? " of type " + std::string(recipe->type) : "") +
      ", but a batch segment job needs one of type USER_SEGMENTATION: aws-item-affinity or "
      "aws-item-attribute-affinity");
}

}  // namespace

Result<api::CreateBatchSegmentJobResponse> CreateBatchSegmentJob(
    const api::CreateBatchSegmentJobRequest& request, Service& service,
    wire::CallContext& context) {
  if (auto valid = CheckBatchLocations(request.job_input.s3_data_source.path,
                                       request.job_output.s3_data_destination.path);
      !valid) {
    return valid.error();
  }
  const std::int64_t count = request.num_results.value_or(kDefaultNumResults);
  if (auto valid = CheckNumResults(count, engine::kMaxSegmentUsers); !valid) return valid.error();
  const auto version = service.catalog.Find<api::SolutionVersion>(request.solution_version_arn);
  if (!version) return version.error();
  if (auto valid = CheckRecipe(version->resource); !valid) return valid.error();
  if (request.filter_arn) {
    const Recipe& recipe = *FindRecipe(*version->resource.recipe_arn);
    const auto valid = CheckBatchFilter(service, *request.filter_arn, version->resource, recipe);
    if (!valid) return valid.error();
  }
  if (auto active = CheckActive(version->resource); !active) return active.error();

  const Time now = service.clock.Now();
  api::BatchSegmentJob job{
      .job_name = request.job_name,
      .batch_segment_job_arn = MakeArn(context.region, "batch-segment-job", request.job_name),
      .filter_arn = request.filter_arn,
      .failure_reason = std::nullopt,
      .solution_version_arn = request.solution_version_arn,
      .num_results = count,
      .job_input = request.job_input,
      .job_output = request.job_output,
      .role_arn = request.role_arn,
      .status = std::string(kCreatePending),
      .creation_date_time = now,
      .last_updated_date_time = now,
  };
  storage::Batch batch;
  service.catalog.Require<api::SolutionVersion>(batch, request.solution_version_arn);
  if (request.filter_arn) service.catalog.Require<api::Filter>(batch, *request.filter_arn);
  service.catalog.Create(batch, job);
  if (auto tagged = AddTags(batch, *job.batch_segment_job_arn, request.tags); !tagged)
    return tagged.error();
  service.jobs.Enqueue(
      batch,
      {.type = std::string(kSegmentJob), .subject = *job.batch_segment_job_arn, .payload = ""});
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.jobs.Wake();
  return api::CreateBatchSegmentJobResponse{.batch_segment_job_arn = job.batch_segment_job_arn};
}

Result<api::DescribeBatchSegmentJobResponse> DescribeBatchSegmentJob(
    const api::DescribeBatchSegmentJobRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto job = service.catalog.Find<api::BatchSegmentJob>(request.batch_segment_job_arn);
  if (!job) return std::move(job).error();
  return api::DescribeBatchSegmentJobResponse{.batch_segment_job = std::move(job->resource)};
}

Result<api::ListBatchSegmentJobsResponse> ListBatchSegmentJobs(
    const api::ListBatchSegmentJobsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::BatchSegmentJob>(request.solution_version_arn,
                                                         request.next_token, request.max_results);
  if (!page) return std::move(page).error();
  api::ListBatchSegmentJobsResponse response{
      .batch_segment_jobs = std::vector<api::BatchSegmentJobSummary>{},
      .next_token = std::move(page->next_token)};
  for (const auto& job : page->resources) {
    response.batch_segment_jobs->push_back(Summarise<api::BatchSegmentJobSummary>(job.resource));
  }
  return response;
}

}  // namespace usher::personalize
