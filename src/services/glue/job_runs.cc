// Operations GetJobRun, GetJobRuns, BatchStopJobRun.
#include <chrono>

#include "services/glue/names.h"
#include "services/glue/operations.h"

namespace usher::glue {
namespace {

// As clients see it: while a run goes on, the time that it has taken grows, and it may tell how far
// it is.
api::JobRun Shown(const RunRecord& record, const Service& service) {
  api::JobRun run = record.run;
  if (record.state() == kRunning && run.last_modified_on) {
    run.execution_time = (service.clock.Now() - *run.last_modified_on) / std::chrono::seconds(1);
    run.state_detail = service.progress.Of(record.key());
  }
  return run;
}

Error CannotStop(std::string_view run_id, std::string_view state) {
  return Named(
      "JobRunNotInTerminalStateException", ErrorCode::kInvalidInput,
      "JobRun with id " + std::string(run_id) + " has ended already: it is " + std::string(state));
}

// A run that has not begun is STOPPED at once; one that goes on is STOPPING until its processes are
// gone.
Result<void> StopRun(const std::string& job, const std::string& run_id, Service& service,
                     std::string_view region) {
  while (true) {
    auto run = service.catalog.FindRun(region, job, run_id);
    if (!run) return run.error();
    if (HasEnded(run->state())) return CannotStop(run_id, run->state());
    const Time now = service.clock.Now();
    if (run->begun == 0) {
      run->run.job_run_state = kStopped;
      run->run.completed_on = now;
      run->run.execution_time = 0;
    } else {
      run->run.job_run_state = kStopping;
    }
    run->run.last_modified_on = now;
    storage::Batch batch;
    Catalog::AddUpdate(batch, *run);
    const auto committed = service.catalog.Commit(batch);
    if (committed) {
      service.signals.Stop(run->key());
      return {};
    }
    if (committed.error().code != ErrorCode::kInUse) return committed;
  }
}

}  // namespace

// Errors: not found, of the job or the run.
Result<api::GetJobRunResponse> GetJobRun(const api::GetJobRunRequest& request, Service& service,
                                         wire::CallContext& context) {
  const auto run = service.catalog.FindRun(context.region, request.job_name, request.run_id);
  if (run) return api::GetJobRunResponse{.job_run = Shown(*run, service)};
  const auto job = service.catalog.FindJob(context.region, request.job_name);
  return job ? run.error() : job.error();
}

// Newest first. Errors: not found; invalid token.
Result<api::GetJobRunsResponse> GetJobRuns(const api::GetJobRunsRequest& request, Service& service,
                                           wire::CallContext& context) {
  const auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job) return job.error();
  const std::size_t limit =
      request.max_results ? static_cast<std::size_t>(*request.max_results) : kDefaultPage;
  const auto page = service.catalog.ListRuns(*job, request.next_token, limit);
  if (!page) return page.error();
  api::GetJobRunsResponse response;
  response.job_runs.emplace();
  for (const RunRecord& run : page->items) {
    response.job_runs->push_back(Shown(run, service));
  }
  response.next_token = page->next_token;
  return response;
}

// Each run for itself: one that cannot be stopped is an error in the answer.
Result<api::BatchStopJobRunResponse> BatchStopJobRun(const api::BatchStopJobRunRequest& request,
                                                     Service& service, wire::CallContext& context) {
  api::BatchStopJobRunResponse response;
  response.successful_submissions.emplace();
  response.errors.emplace();
  for (const std::string& run_id : request.job_run_ids) {
    const auto stopped = StopRun(request.job_name, run_id, service, context.region);
    if (stopped) {
      response.successful_submissions->push_back(
          {.job_name = request.job_name, .job_run_id = run_id});
      continue;
    }
    const Error& error = stopped.error();
    if (error.code != ErrorCode::kNotFound && error.code != ErrorCode::kInvalidInput) return error;
    response.errors->push_back(
        {.job_name = request.job_name,
         .job_run_id = run_id,
         .error_detail = api::ErrorDetail{.error_code = error.code == ErrorCode::kNotFound
                                                            ? "EntityNotFoundException"
                                                            : error.wire_name,
                                          .error_message = error.message}});
  }
  return response;
}

}  // namespace usher::glue
