// Operations StopExecution, DescribeExecution, DescribeStateMachineForExecution, ListExecutions,
// GetExecutionHistory.
#include "services/states/errors.h"
#include "services/states/names.h"
#include "services/states/operations.h"

namespace usher::states {
namespace {

api::CloudWatchEventsExecutionDataDetails Included() { return {.included = true}; }

// Without the data that states were given and gave.
void DropData(Value& event) {
  for (auto& [name, details] : *event.as_map()) {
    if (!details.as_map()) continue;
    for (const char* member : {"input", "inputDetails", "output", "outputDetails", "parameters"}) {
      details.as_map()->Erase(member);
    }
    if (name == "taskScheduledEventDetails") details.as_map()->Append("parameters", "");
  }
}

}  // namespace

// Gives the time of the end, also of one that had ended before. Errors: does not exist.
Result<api::StopExecutionOutput> StopExecution(const api::StopExecutionInput& request,
                                               Service& service, wire::CallContext& /*context*/) {
  if (const auto arn = CheckExecutionArn(request.execution_arn); !arn) return arn.error();
  const auto stopped = service.driver.Stop(
      request.execution_arn, {request.error.value_or(""), request.cause.value_or("")});
  if (!stopped) return stopped.error();
  return api::StopExecutionOutput{.stop_date = *stopped};
}

Result<api::DescribeExecutionOutput> DescribeExecution(const api::DescribeExecutionInput& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  if (const auto arn = CheckExecutionArn(request.execution_arn); !arn) return arn.error();
  const auto found = service.store().FindExecution(request.execution_arn);
  if (!found) return found.error();
  const Execution& execution = found->execution;
  const bool with_data = request.included_data != "METADATA_ONLY";
  api::DescribeExecutionOutput response{
      .execution_arn = execution.arn,
      .state_machine_arn = execution.machine_arn,
      .name = execution.name,
      .status = std::string(NameOf(execution.status)),
      .start_date = execution.started,
      .redrive_count = 0,
      .redrive_status = "NOT_REDRIVABLE",
      .redrive_status_reason = "Redriving executions is not supported by Usher"};
  if (execution.status != Status::kRunning) response.stop_date = execution.stopped;
  if (with_data) {
    response.input = execution.input;
    response.input_details = Included();
  }
  if (execution.status == Status::kSucceeded && with_data) {
    response.output = execution.output;
    response.output_details = Included();
  }
  if (!execution.trace_header.empty()) response.trace_header = execution.trace_header;
  if (!execution.failure.error.empty()) response.error = execution.failure.error;
  if (!execution.failure.cause.empty()) response.cause = execution.failure.cause;
  return response;
}

Result<api::DescribeStateMachineForExecutionOutput> DescribeStateMachineForExecution(
    const api::DescribeStateMachineForExecutionInput& request, Service& service,
    wire::CallContext& /*context*/) {
  if (const auto arn = CheckExecutionArn(request.execution_arn); !arn) return arn.error();
  const auto found = service.store().FindExecution(request.execution_arn);
  if (!found) return found.error();
  const Execution& execution = found->execution;
  const auto revision = service.store().FindRevision(execution.machine_arn, execution.revision);
  if (!revision) return revision.error();
  return api::DescribeStateMachineForExecutionOutput{
      .state_machine_arn = execution.machine_arn,
      .name = execution.machine_name,
      .definition = request.included_data == "METADATA_ONLY" ? "" : revision->definition,
      .role_arn = revision->role_arn,
      .update_date = revision->made,
      .logging_configuration = api::LoggingConfiguration::FromValue(revision->logging),
      .tracing_configuration = api::TracingConfiguration{.enabled = revision->tracing},
      .revision_id = execution.revision};
}

// The newest first. Errors: machine does not exist; type not supported for express machines.
Result<api::ListExecutionsOutput> ListExecutions(const api::ListExecutionsInput& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  if (request.map_run_arn || !request.state_machine_arn) {
    return Named("ValidationException", ErrorCode::kInvalidInput,
                 "stateMachineArn must be given: map runs are not supported by Usher", 400);
  }
  if (request.redrive_filter == "REDRIVEN") return api::ListExecutionsOutput{};
  if (const auto arn = CheckMachineArn(*request.state_machine_arn); !arn) return arn.error();
  const auto machine = service.store().FindMachine(*request.state_machine_arn);
  if (!machine) return machine.error();
  if (machine->express) {
    return Named("StateMachineTypeNotSupported", ErrorCode::kInvalidInput,
                 "This operation is not supported by this type of state machine: executions of "
                 "express machines are seen in their log group alone",
                 400);
  }
  const auto page = service.store().ListExecutions(
      machine->arn, request.status_filter, request.next_token, PageSize(request.max_results));
  if (!page) return page.error();
  api::ListExecutionsOutput response;
  for (const Execution& execution : page->items) {
    api::ExecutionListItem item{.execution_arn = execution.arn,
                                .state_machine_arn = execution.machine_arn,
                                .name = execution.name,
                                .status = std::string(NameOf(execution.status)),
                                .start_date = execution.started,
                                .redrive_count = 0};
    if (execution.status != Status::kRunning) item.stop_date = execution.stopped;
    response.executions.push_back(std::move(item));
  }
  response.next_token = page->next_token;
  return response;
}

// Errors: does not exist, invalid token.
Result<api::GetExecutionHistoryOutput> GetExecutionHistory(
    const api::GetExecutionHistoryInput& request, Service& service,
    wire::CallContext& /*context*/) {
  if (const auto arn = CheckExecutionArn(request.execution_arn); !arn) return arn.error();
  if (const auto found = service.store().FindExecution(request.execution_arn); !found) {
    return found.error();
  }
  auto page =
      service.store().ListEvents(request.execution_arn, request.reverse_order.value_or(false),
                                 request.next_token, PageSize(request.max_results));
  if (!page) return page.error();
  api::GetExecutionHistoryOutput response;
  for (Value& event : page->items) {
    if (!request.include_execution_data.value_or(true)) DropData(event);
    response.events.push_back(api::HistoryEvent::FromValue(event));
  }
  response.next_token = page->next_token;
  return response;
}

}  // namespace usher::states
