// Operations StartExecution, StartSyncExecution.
#include "base/random.h"
#include "json/json.h"
#include "services/states/errors.h"
#include "services/states/names.h"
#include "services/states/operations.h"

namespace usher::states {
namespace {

Error InvalidInputText(std::string_view why) {
  return Named("InvalidExecutionInput", ErrorCode::kInvalidInput,
               "Invalid State Machine Execution Input: '" + std::string(why) + "'", 400);
}

// What StartExecution and StartSyncExecution have in common.
struct Request {
  const std::string& machine_arn;
  const std::optional<std::string>& name;
  const std::optional<std::string>& input;
  const std::optional<std::string>& trace_header;
};

Result<Execution> MakeExecution(const Request& request, const MachineRecord& machine,
                                Service& service) {
  const std::string name = request.name.value_or(NewUuid());
  if (const auto good = CheckName(name); !good) return good.error();
  const std::string input = request.input.value_or("{}");
  if (input.size() > kMaxDataBytes) return InvalidInputText("it has more than 262144 bytes");
  if (const auto parsed = json::Parse(input, kMaxDataDepth); !parsed) {
    return InvalidInputText(parsed.error().message);
  }
  const auto revision = service.store().FindRevision(machine.arn, machine.revision);
  if (!revision) return revision.error();
  Execution execution;
  execution.arn = ExecutionArn(machine.arn, name, machine.express);
  execution.name = name;
  execution.machine_arn = machine.arn;
  execution.machine_name = machine.name;
  execution.role_arn = revision->role_arn;
  execution.revision = machine.revision;
  execution.express = machine.express;
  execution.input = input;
  execution.started = service.clock.Now();
  execution.trace_header = request.trace_header.value_or("");
  return execution;
}

}  // namespace

// Durable when it returns. A standard execution that runs under this name with the same input is
// given again. Errors: machine does not exist; execution already exists; invalid name or input.
Result<api::StartExecutionOutput> StartExecution(const api::StartExecutionInput& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  if (const auto arn = CheckMachineArn(request.state_machine_arn); !arn) return arn.error();
  const auto machine = service.store().FindMachine(request.state_machine_arn);
  if (!machine) return machine.error();
  const auto execution =
      MakeExecution({request.state_machine_arn, request.name, request.input, request.trace_header},
                    *machine, service);
  if (!execution) return execution.error();
  const auto started = service.driver.Start(*execution);
  if (started) {
    return api::StartExecutionOutput{.execution_arn = execution->arn,
                                     .start_date = execution->started};
  }
  if (started.error().code != ErrorCode::kAlreadyExists) return started.error();
  const auto there = service.store().FindExecution(execution->arn);
  if (!there) return there.error();
  if (there->execution.status == Status::kRunning && there->execution.input == execution->input) {
    return api::StartExecutionOutput{.execution_arn = execution->arn,
                                     .start_date = there->execution.started};
  }
  return Named("ExecutionAlreadyExists", ErrorCode::kAlreadyExists,
               "Execution Already Exists: '" + execution->arn + "'", 400);
}

// Answers when the execution has ended. Errors: as StartExecution; type not supported for machines
// that are not express.
Result<api::StartSyncExecutionOutput> StartSyncExecution(
    const api::StartSyncExecutionInput& request, Service& service, wire::CallContext& /*context*/) {
  if (const auto arn = CheckMachineArn(request.state_machine_arn); !arn) return arn.error();
  const auto machine = service.store().FindMachine(request.state_machine_arn);
  if (!machine) return machine.error();
  if (!machine->express) {
    return Named("StateMachineTypeNotSupported", ErrorCode::kInvalidInput,
                 "This operation is not supported by this type of state machine: it must be "
                 "EXPRESS",
                 400);
  }
  const auto execution =
      MakeExecution({request.state_machine_arn, request.name, request.input, request.trace_header},
                    *machine, service);
  if (!execution) return execution.error();
  const auto ended = service.driver.StartAndWait(*execution);
  if (!ended) return ended.error();
  api::StartSyncExecutionOutput response{
      .execution_arn = ended->arn,
      .state_machine_arn = ended->machine_arn,
      .name = ended->name,
      .start_date = ended->started,
      .stop_date = ended->stopped,
      .status = std::string(NameOf(ended->status)),
      .input = ended->input,
      .input_details = api::CloudWatchEventsExecutionDataDetails{.included = true}};
  if (ended->status == Status::kSucceeded) {
    response.output = ended->output;
    response.output_details = api::CloudWatchEventsExecutionDataDetails{.included = true};
  }
  if (!ended->failure.error.empty()) response.error = ended->failure.error;
  if (!ended->failure.cause.empty()) response.cause = ended->failure.cause;
  if (!ended->trace_header.empty()) response.trace_header = ended->trace_header;
  return response;
}

}  // namespace usher::states
