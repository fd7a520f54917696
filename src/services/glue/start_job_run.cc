// Operation StartJobRun.
#include "base/log.h"
#include "services/glue/job_rules.h"
#include "services/glue/names.h"
#include "services/glue/operations.h"
#include "services/glue/runner.h"

namespace usher::glue {
namespace {

constexpr std::string_view kLogGroup = "/aws-glue/jobs";

// What the run is asked to be, over what its job is.
api::JobRun MakeRun(const api::StartJobRunRequest& request, const api::Job& job) {
  api::JobRun run;
  run.job_name = job.name;
  run.attempt = 0;
  run.arguments = request.arguments;
  run.job_mode = job.job_mode;
  run.glue_version = job.glue_version;
  run.log_group_name = kLogGroup;
  run.maintenance_window = job.maintenance_window;
  run.previous_run_id = request.job_run_id;
  run.execution_role_session_policy = request.execution_role_session_policy;
  const auto take = [](auto& member, const auto& given, const auto& otherwise) {
    member = given ? given : otherwise;
  };
  take(run.job_run_queuing_enabled, request.job_run_queuing_enabled, job.job_run_queuing_enabled);
  take(run.timeout, request.timeout, job.timeout);
  // A run may ask for a capacity although its job counts workers: both are kept as they are.
  take(run.allocated_capacity, request.allocated_capacity, job.allocated_capacity);
  take(run.max_capacity, request.max_capacity, job.max_capacity);
  take(run.worker_type, request.worker_type, job.worker_type);
  take(run.number_of_workers, request.number_of_workers, job.number_of_workers);
  take(run.security_configuration, request.security_configuration, job.security_configuration);
  take(run.notification_property, request.notification_property, job.notification_property);
  take(run.execution_class, request.execution_class, job.execution_class);
  return run;
}

}  // namespace

// Durable when it returns. The same call made again gives the same run. Errors: not found;
// concurrent runs exceeded, unless the job queues its runs; limit exceeded; invalid input.
Result<api::StartJobRunResponse> StartJobRun(const api::StartJobRunRequest& request,
                                             Service& service, wire::CallContext& context) {
  const std::lock_guard lock(service.changing);
  auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job) return job.error();
  RunRecord run{.region = context.region, .run = MakeRun(request, job->job)};
  run.run.id = RunIdOf(JobArn(context.region, request.job_name), context.request_id);
  const auto there = service.catalog.FindRun(context.region, request.job_name, *run.run.id);
  if (there) return api::StartJobRunResponse{.job_run_id = there->run.id};
  if (there.error().code != ErrorCode::kNotFound) return there.error();

  Texts given = request.arguments.value_or(Texts());
  if (request.job_run_id) {
    const auto earlier =
        service.catalog.FindRun(context.region, request.job_name, *request.job_run_id);
    if (!earlier) return earlier.error();
    if (!request.arguments) run.run.arguments = earlier->run.arguments;
    given = run.run.arguments.value_or(Texts());
  }
  if (run.run.timeout && *run.run.timeout > kMaxTimeoutMinutes) {
    return InvalidInput("Timeout is " + std::to_string(*run.run.timeout) + ": it is at most " +
                        std::to_string(kMaxTimeoutMinutes) + " minutes");
  }
  auto arguments = MergeArguments(job->job, given);
  if (!arguments) return arguments.error();
  run.arguments = *std::move(arguments);
  run.command = *job->job.command;
  run.role = job->job.role.value_or("");
  run.job_id = job->id;
  run.max_retries = job->job.max_retries.value_or(0);
  run.max_at_once = job->job.execution_property->max_concurrent_runs.value_or(1);

  const auto of_job = service.catalog.ActiveRuns(context.region, request.job_name,
                                                 static_cast<std::size_t>(run.max_at_once));
  if (!of_job) return of_job.error();
  const bool must_wait = of_job->size() >= static_cast<std::size_t>(run.max_at_once);
  if (must_wait && !run.run.job_run_queuing_enabled.value_or(false)) {
    return Named("ConcurrentRunsExceededException", ErrorCode::kLimitExceeded,
                 "Concurrent runs exceeded for " + request.job_name + ": it may have " +
                     std::to_string(run.max_at_once) +
                     " at once (ExecutionProperty.MaxConcurrentRuns)",
                 400);
  }
  const auto of_all = service.catalog.AllActiveRuns(kMaxActiveRuns);
  if (!of_all) return of_all.error();
  if (of_all->size() >= kMaxActiveRuns) {
    return LimitExceeded(std::to_string(kMaxActiveRuns) +
                         " runs go on or wait already, the most that there may be");
  }
  const bool is_full = of_all->size() >= static_cast<std::size_t>(kRunsAtOnce);
  run.run.job_run_state = must_wait || is_full ? kWaiting : kStarting;
  run.run.started_on = run.run.last_modified_on = service.clock.Now();

  storage::Batch batch;
  if (const auto added = AddRunOfJob(batch, run, *job, service); !added) return added.error();
  if (const auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.deliveries.Wake();
  Log(LogLevel::kInfo, "a job run is started", {{"job", request.job_name}, {"run", *run.run.id}});
  return api::StartJobRunResponse{.job_run_id = run.run.id};
}

}  // namespace usher::glue
