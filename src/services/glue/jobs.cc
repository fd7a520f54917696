// Operations CreateJob, GetJob, GetJobs, ListJobs, BatchGetJobs, UpdateJob, DeleteJob. What a job
// holds and Usher makes no use of (workers, connections, the role's rights) is kept and given back.
#include <algorithm>

#include "base/random.h"
#include "services/glue/job_rules.h"
#include "services/glue/names.h"
#include "services/glue/operations.h"

namespace usher::glue {
namespace {

std::size_t PageSize(const std::optional<std::int64_t>& given) {
  return given ? static_cast<std::size_t>(*given) : kDefaultPage;
}

}  // namespace

// Errors: already exists, invalid input, limit exceeded.
Result<api::CreateJobResponse> CreateJob(const api::CreateJobRequest& request, Service& service,
                                         wire::CallContext& context) {
  JobRecord job{.region = context.region, .job = api::Job::FromValue(request.ToValue())};
  if (const auto good = CheckJob(job.job); !good) return good.error();
  if (const auto good = AddTags(request.tags.value_or(Texts()), job.tags); !good) {
    return good.error();
  }
  FillDefaults(job.job);
  job.id = "j_" + SecureHex(32);
  job.job.created_on = job.job.last_modified_on = service.clock.Now();

  const std::lock_guard lock(service.changing);
  const auto count = service.catalog.CountJobs(context.region, kMaxJobs);
  if (!count) return count.error();
  if (*count >= kMaxJobs) {
    return LimitExceeded("There are " + std::to_string(kMaxJobs) +
                         " jobs in this region already, the most that there may be");
  }
  if (const auto added = service.catalog.AddJob(job); !added) return added.error();
  return api::CreateJobResponse{.name = job.job.name};
}

// Errors: not found.
Result<api::GetJobResponse> GetJob(const api::GetJobRequest& request, Service& service,
                                   wire::CallContext& context) {
  auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job) return job.error();
  return api::GetJobResponse{.job = std::move(job->job)};
}

// Errors: invalid token.
Result<api::GetJobsResponse> GetJobs(const api::GetJobsRequest& request, Service& service,
                                     wire::CallContext& context) {
  auto page =
      service.catalog.ListJobs(context.region, request.next_token, PageSize(request.max_results));
  if (!page) return page.error();
  api::GetJobsResponse response;
  response.jobs.emplace();
  for (JobRecord& job : page->items) response.jobs->push_back(std::move(job.job));
  response.next_token = page->next_token;
  return response;
}

// Those that have all of the tags, if some are given. A page may then hold fewer than asked for.
// Errors: invalid token.
Result<api::ListJobsResponse> ListJobs(const api::ListJobsRequest& request, Service& service,
                                       wire::CallContext& context) {
  const auto page =
      service.catalog.ListJobs(context.region, request.next_token, PageSize(request.max_results));
  if (!page) return page.error();
  const Texts wanted = request.tags.value_or(Texts());
  api::ListJobsResponse response;
  response.job_names.emplace();
  for (const JobRecord& job : page->items) {
    if (std::ranges::includes(job.tags, wanted)) response.job_names->push_back(*job.job.name);
  }
  response.next_token = page->next_token;
  return response;
}

// Errors: invalid input.
Result<api::BatchGetJobsResponse> BatchGetJobs(const api::BatchGetJobsRequest& request,
                                               Service& service, wire::CallContext& context) {
  if (request.job_names.size() > kMaxJobsOfBatch) {
    return InvalidInput("JobNames has " + std::to_string(request.job_names.size()) +
                        " names: at most " + std::to_string(kMaxJobsOfBatch) + " are taken");
  }
  api::BatchGetJobsResponse response;
  response.jobs.emplace();
  response.jobs_not_found.emplace();
  for (const std::string& name : request.job_names) {
    auto job = service.catalog.FindJob(context.region, name);
    if (job) {
      response.jobs->push_back(std::move(job->job));
    } else if (job.error().code == ErrorCode::kNotFound) {
      response.jobs_not_found->push_back(name);
    } else {
      return job.error();
    }
  }
  return response;
}

// The update is the job from now on: what it does not hold is gone. Runs that were started go on as
// they were. Errors: not found, invalid input.
Result<api::UpdateJobResponse> UpdateJob(const api::UpdateJobRequest& request, Service& service,
                                         wire::CallContext& context) {
  const std::lock_guard lock(service.changing);
  auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job) return job.error();
  api::Job updated = api::Job::FromValue(request.job_update.ToValue());
  if (const auto good = CheckJob(updated); !good) return good.error();
  FillDefaults(updated);
  updated.name = job->job.name;
  updated.created_on = job->job.created_on;
  updated.last_modified_on = service.clock.Now();
  job->job = std::move(updated);
  storage::Batch batch;
  Catalog::AddUpdate(batch, *job);
  if (const auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::UpdateJobResponse{.job_name = request.job_name};
}

// Its runs are stopped and go with it. A job that is not there is no error.
Result<api::DeleteJobResponse> DeleteJob(const api::DeleteJobRequest& request, Service& service,
                                         wire::CallContext& context) {
  const std::lock_guard lock(service.changing);
  const auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job && job.error().code != ErrorCode::kNotFound) return job.error();
  if (job) {
    const auto active =
        service.catalog.ActiveRuns(context.region, request.job_name, kMaxConcurrentRuns * 2);
    if (!active) return active.error();
    if (const auto deleted = service.catalog.DeleteJob(*job); !deleted) return deleted.error();
    for (const std::string& key : *active) service.signals.Stop(key);
  }
  return api::DeleteJobResponse{.job_name = request.job_name};
}

}  // namespace usher::glue
