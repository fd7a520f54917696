#include "services/personalize/dataset_import_jobs.h"

#include "services/personalize/arns.h"
#include "services/personalize/files.h"
#include "services/personalize/import_job.h"
#include "services/personalize/s3_uri.h"
#include "services/personalize/solution_versions.h"
#include "services/personalize/tags.h"

namespace usher::personalize {
namespace {

Result<void> CheckQuota(const Service& service) {
  const auto jobs = service.catalog.ListAll<api::DatasetImportJob>(std::nullopt);
  if (!jobs) return jobs.error();
  std::size_t running = 0;
  for (const auto& job : *jobs) running += IsBeingCreated(*job.resource.status);
  if (running >= kMaxRunningImports) {
    return LimitExceeded("More than " + std::to_string(kMaxRunningImports) +
                         " resources with PENDING or IN_PROGRESS status.");
  }
  return {};
}

}  // namespace

Result<api::CreateDatasetImportJobResponse> CreateDatasetImportJob(
    const api::CreateDatasetImportJobRequest& request, Service& service,
    wire::CallContext& context) {
  if (!request.data_source.data_location)
    return InvalidInput("dataSource.dataLocation is required");
  const auto location = ParseS3Uri(*request.data_source.data_location, "Invalid Data location.");
  if (!location) return location.error();
  if (request.publish_attribution_metrics_to_s3.value_or(false)) {
    return InvalidInput("publishAttributionMetricsToS3 is not supported by Usher yet");
  }
  const auto dataset = service.catalog.Find<api::Dataset>(request.dataset_arn);
  if (!dataset) return dataset.error();
  if (dataset->resource.status != kActive) {
    return InUse("dataset " + request.dataset_arn + " is not ACTIVE but " +
                 *dataset->resource.status);
  }
  const std::string mode = request.import_mode.value_or("FULL");
  if (mode == "INCREMENTAL" && !DatasetFile(service, *dataset)) {
    return InvalidInput("importMode INCREMENTAL needs an earlier import into dataset " +
                        request.dataset_arn + ": use FULL first");
  }
  if (auto quota = CheckQuota(service); !quota) return quota.error();

  const Time now = service.clock.Now();
  const api::DatasetImportJob job{
      .job_name = request.job_name,
      .dataset_import_job_arn = MakeArn(context.region, "dataset-import-job", request.job_name),
      .dataset_arn = request.dataset_arn,
      .data_source = request.data_source,
      .role_arn = request.role_arn,
      .status = std::string(kCreatePending),
      .creation_date_time = now,
      .last_updated_date_time = now,
      .failure_reason = std::nullopt,
      .import_mode = mode,
      .publish_attribution_metrics_to_s3 = false,
  };
  storage::Batch batch;
  service.catalog.Require<api::Dataset>(batch, request.dataset_arn);
  service.catalog.Create(batch, job);
  if (auto tagged = AddTags(batch, *job.dataset_import_job_arn, request.tags); !tagged)
    return tagged.error();
  service.jobs.Enqueue(
      batch,
      {.type = std::string(kImportJob), .subject = *job.dataset_import_job_arn, .payload = ""});
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.jobs.Wake();
  return api::CreateDatasetImportJobResponse{.dataset_import_job_arn = job.dataset_import_job_arn};
}

Result<api::DescribeDatasetImportJobResponse> DescribeDatasetImportJob(
    const api::DescribeDatasetImportJobRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto job = service.catalog.Find<api::DatasetImportJob>(request.dataset_import_job_arn);
  if (!job) return std::move(job).error();
  return api::DescribeDatasetImportJobResponse{.dataset_import_job = std::move(job->resource)};
}

Result<api::ListDatasetImportJobsResponse> ListDatasetImportJobs(
    const api::ListDatasetImportJobsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::DatasetImportJob>(request.dataset_arn, request.next_token,
                                                          request.max_results);
  if (!page) return std::move(page).error();
  api::ListDatasetImportJobsResponse response{
      .dataset_import_jobs = std::vector<api::DatasetImportJobSummary>{},
      .next_token = std::move(page->next_token)};
  for (const auto& job : page->resources) {
    response.dataset_import_jobs->push_back(Summarise<api::DatasetImportJobSummary>(job.resource));
  }
  return response;
}

}  // namespace usher::personalize
