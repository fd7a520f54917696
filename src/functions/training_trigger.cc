#include "functions/training_trigger.h"

#include <optional>

#include "functions/s3_event.h"
#include "functions/variables.h"
#include "json/json.h"
#include "wire/error_names.h"
#include "wire/stepfunctions.h"

namespace usher::functions {
namespace {

namespace states = usher::api::stepfunctions;

constexpr std::string_view kRatingsFile = "ratings.csv";

std::string InputOf(const ObjectRecord& record) {
  ValueMap input;
  input.Append("Bucket", record.bucket);
  input.Append("Key", record.key);
  return json::Write(std::move(input));
}

// nullopt when this event has started one before.
Result<std::optional<std::string>> Start(const ObjectRecord& record, const std::string& machine,
                                         FunctionContext& context) {
  states::StartExecutionInput request{.state_machine_arn = machine, .input = InputOf(record)};
  if (!record.sequencer.empty()) request.name = "ratings-" + record.sequencer;
  auto started = context.dispatcher.Call<states::StartExecution>(request, context.call);
  if (started) {
    context.log("started " + started->execution_arn);
    return std::optional(std::move(started->execution_arn));
  }
  Error error = std::move(started).error();
  if (!wire::IsInternal(error)) {
    const auto& operation = states::StartExecution::operation();
    error.wire_name = wire::NameError(*operation.service, &operation, error).name;
  }
  if (error.wire_name == "ExecutionAlreadyExists") {
    context.log("this event has started " + *request.name + " before");
    return std::optional<std::string>();
  }
  return error;
}

}  // namespace

Result<std::string> TrainingTrigger(const std::string& event, FunctionContext& context) {
  const auto records = ReadS3Event(event);
  if (!records) return records.error();
  const auto machine = Needed(context, "STATE_MACHINE_ARN", "the ARN of a state machine");
  if (!machine) return machine.error();
  ValueList answers;
  for (const ObjectRecord& record : *records) {
    if (FileOf(record.key) != kRatingsFile) {
      context.log("nothing to start for s3://" + record.bucket + "/" + record.key + ": " +
                  std::string(kRatingsFile) + " starts a training");
      continue;
    }
    const auto started = Start(record, *machine, context);
    if (!started) return started.error();
    if (!*started) continue;
    ValueMap answer;
    answer.Append("executionArn", **started);
    answers.emplace_back(std::move(answer));
  }
  if (answers.empty()) return std::string("null");
  if (answers.size() == 1) return json::Write(answers.front());
  return json::Write(std::move(answers));
}

}  // namespace usher::functions
