#include "functions/batch_trigger.h"

#include <optional>

#include "functions/s3_event.h"
#include "functions/variables.h"
#include "json/json.h"
#include "wire/error_names.h"
#include "wire/iam.h"
#include "wire/personalize.h"

namespace usher::functions {
namespace {

namespace personalize = usher::api::personalize;

constexpr const char* kDefaultRole = "PersonalizeRole";
constexpr const char* kDefaultJobName = "BatchMovies";
constexpr std::string_view kUsersFile = "users.json";
constexpr std::string_view kItemsFile = "items.json";

// What both kinds of job are asked for.
struct JobPlan {
  std::string name;
  std::string solution_version;
  std::string input;    // s3://…
  std::string results;  // s3://…, without "/inference/" or "/segment/"
  std::string role;
};

Result<std::string> RoleArn(FunctionContext& context) {
  const std::string name = Variable(context, "ROLE_NAME").value_or(kDefaultRole);
  const auto role = context.dispatcher.Call<api::iam::GetRole>({.role_name = name}, context.call);
  if (!role) {
    return Error{role.error().code,
                 "cannot find the role " + name +
                     ", which Personalize reads and writes with: " + role.error().message,
                 role.error().wire_name,
                 0,
                 {}};
  }
  return role->role.arn;
}

Result<JobPlan> MakePlan(const ObjectRecord& record, FunctionContext& context) {
  auto version = Needed(context, "SOLUTION_ARN", "the ARN of a solution version");
  if (!version) return version.error();
  const auto results = Needed(context, "BATCH_RESULTS_KEY", "the folder of the results");
  if (!results) return results.error();
  auto role = RoleArn(context);
  if (!role) return role.error();
  const std::int64_t seconds = EpochMillis(context.clock.Now()) / 1000;
  return JobPlan{
      .name =
          Variable(context, "JOB_NAME").value_or(kDefaultJobName) + "_" + std::to_string(seconds),
      .solution_version = *std::move(version),
      .input = "s3://" + record.bucket + "/" + record.key,
      .results = "s3://" + record.bucket + "/" + *results,
      .role = *std::move(role),
  };
}

// An error of the service is the function's, under the name that clients know.
Result<Value> Call(const wire::Operation& operation, const Value& request,
                   FunctionContext& context) {
  auto answer = context.dispatcher.Call(operation, request, context.call);
  if (answer || wire::IsInternal(answer.error())) return answer;
  Error error = std::move(answer).error();
  error.wire_name = wire::NameError(*operation.service, &operation, error).name;
  return error;
}

Result<Value> StartInference(const ObjectRecord& record, FunctionContext& context) {
  const auto plan = MakePlan(record, context);
  if (!plan) return plan.error();
  const auto count = Count(context, "NUM_RESULTS");
  if (!count) return count.error();
  personalize::CreateBatchInferenceJobRequest request;
  request.job_name = plan->name;
  request.solution_version_arn = plan->solution_version;
  request.num_results = *count;
  request.job_input.s3_data_source.path = plan->input;
  request.job_output.s3_data_destination.path = plan->results + "/inference/";
  request.role_arn = plan->role;
  Value sent = request.ToValue();
  if (const auto config = Variable(context, "CONFIG")) {
    auto parsed = json::Parse(*config);
    if (!parsed || !parsed->as_map()) {
      return InvalidInput(
          "the environment variable CONFIG must be a JSON object like "
          R"({"itemExplorationConfig":{"explorationWeight":"0.3"}}, got )" +
          *config);
    }
    // As it is: the door checks it like any client's.
    sent.as_map()->Set("batchInferenceJobConfig", *std::move(parsed));
  }
  context.log("starting batch inference job " + plan->name + " for " + plan->input);
  return Call(personalize::CreateBatchInferenceJob::operation(), sent, context);
}

Result<Value> StartSegment(const ObjectRecord& record, FunctionContext& context) {
  const auto plan = MakePlan(record, context);
  if (!plan) return plan.error();
  const auto count = Count(context, "NUM_USERS");
  if (!count) return count.error();
  personalize::CreateBatchSegmentJobRequest request;
  request.job_name = plan->name;
  request.solution_version_arn = plan->solution_version;
  request.num_results = *count;
  request.job_input.s3_data_source.path = plan->input;
  request.job_output.s3_data_destination.path = plan->results + "/segment/";
  request.role_arn = plan->role;
  context.log("starting batch segment job " + plan->name + " for " + plan->input);
  return Call(personalize::CreateBatchSegmentJob::operation(), request.ToValue(), context);
}

}  // namespace

Result<std::string> BatchTrigger(const std::string& event, FunctionContext& context) {
  const auto records = ReadS3Event(event);
  if (!records) return records.error();
  ValueList answers;
  for (const ObjectRecord& record : *records) {
    const std::string_view file = FileOf(record.key);
    if (file != kUsersFile && file != kItemsFile) {
      context.log("nothing to start for s3://" + record.bucket + "/" + record.key + ": " +
                  std::string(kUsersFile) + " starts batch inference, " + std::string(kItemsFile) +
                  " starts batch segments");
      continue;
    }
    if (context.Expired()) return Cancelled("the time of the function is over");
    auto answer =
        file == kUsersFile ? StartInference(record, context) : StartSegment(record, context);
    if (!answer) return answer.error();
    answers.push_back(*std::move(answer));
  }
  if (answers.empty()) return std::string("null");
  if (answers.size() == 1) return json::Write(answers.front());
  return json::Write(std::move(answers));
}

}  // namespace usher::functions
