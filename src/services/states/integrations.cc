#include "services/states/integrations.h"

#include <algorithm>
#include <array>

#include "base/random.h"
#include "base/text.h"
#include "json/json.h"
#include "services/states/language/choice_rule.h"
#include "services/states/sdk_values.h"
#include "wire/error_names.h"

namespace usher::states {
namespace {

using Pattern = Resource::Pattern;

// A service under its name in the SDK, which the ARN has in lower case and error names as it is.
struct SdkService {
  std::string_view id;  // as in operations.txt
  std::string_view name;
};
constexpr std::array<SdkService, 16> kSdkServices{{
    {"personalize", "Personalize"},
    {"personalize-runtime", "PersonalizeRuntime"},
    {"personalize-events", "PersonalizeEvents"},
    {"s3", "S3"},
    {"iam", "Iam"},
    {"sts", "Sts"},
    {"lambda", "Lambda"},
    {"stepfunctions", "Sfn"},
    {"glue", "Glue"},
    {"sns", "Sns"},
    {"sqs", "Sqs"},
    {"apigateway", "ApiGateway"},
    {"xray", "XRay"},
    {"logs", "CloudWatchLogs"},
    {"cloudwatch", "CloudWatch"},
    {"cloudformation", "CloudFormation"},
}};

struct Optimised {
  std::string_view service;  // in the ARN
  std::string_view action;
  std::string_view id;  // of the service
  std::string_view operation;
  std::string_view error_prefix;
  std::string_view traced_as;
  bool syncs;
  std::string_view json_text;  // the parameter that may be any JSON where the operation takes text
};
constexpr std::array<Optimised, 5> kOptimised{{
    {"lambda", "invoke", "lambda", "Invoke", "Lambda", "Lambda", false, ""},
    {"sns", "publish", "sns", "Publish", "SNS", "SNS", false, "Message"},
    {"sqs", "sendMessage", "sqs", "SendMessage", "SQS", "SQS", false, "MessageBody"},
    {"states", "startExecution", "stepfunctions", "StartExecution", "StepFunctions",
     "AWSStepFunctions", true, "Input"},
    {"glue", "startJobRun", "glue", "StartJobRun", "Glue", "AWSGlue", true, ""},
}};

const Optimised* FindOptimised(const Resource& resource) {
  const auto found = std::ranges::find_if(kOptimised, [&](const Optimised& one) {
    return one.service == resource.service && one.action == resource.action;
  });
  return found == kOptimised.end() ? nullptr : &*found;
}

// What an integration comes to.
struct Target {
  const wire::Operation* operation = nullptr;
  std::string_view error_prefix;
  std::string traced_as;
  const Optimised* optimised = nullptr;
};

const wire::Operation& OperationOf(std::string_view id, std::string_view name) {
  const wire::Service* service = wire::FindService(id);
  Check(service != nullptr, "operations.txt names the services of integrations");
  const wire::Operation* operation = wire::FindOperation(*service, name);
  Check(operation != nullptr, "the service models have the operations of integrations");
  return *operation;
}

Result<Target> FindTarget(const Resource& resource) {
  const auto sdk = resource.SdkService();
  if (!sdk) {
    const Optimised* optimised = FindOptimised(resource);
    if (!optimised) {
      std::string known;
      for (const Optimised& one : kOptimised) {
        known +=
            (known.empty() ? "" : ", ") + std::string(one.service) + ":" + std::string(one.action);
      }
      return InvalidInput("The resource '" + resource.arn +
                          "' is not supported by Usher: known are " + known +
                          ", and aws-sdk:SERVICE:ACTION");
    }
    return Target{.operation = &OperationOf(optimised->id, optimised->operation),
                  .error_prefix = optimised->error_prefix,
                  .traced_as = std::string(optimised->traced_as),
                  .optimised = optimised};
  }
  const auto service = std::ranges::find_if(
      kSdkServices, [&](const SdkService& one) { return AsciiLower(one.name) == *sdk; });
  if (service == kSdkServices.end()) {
    std::string known;
    for (const SdkService& one : kSdkServices) {
      known += (known.empty() ? "" : ", ") + AsciiLower(one.name);
    }
    return InvalidInput("Usher has no service '" + std::string(*sdk) + "': known are " + known);
  }
  const wire::Operation* operation =
      wire::FindOperation(*wire::FindService(service->id), SdkName(resource.action));
  const bool is_camel_case =
      !resource.action.empty() && resource.action[0] >= 'a' && resource.action[0] <= 'z';
  if (!operation || !is_camel_case) {
    return InvalidInput("The service '" + std::string(*sdk) + "' has no operation '" +
                        resource.action + "': operations are written as in createSolution");
  }
  return Target{.operation = operation,
                .error_prefix = service->name,
                .traced_as = "",  // under the name that the dispatcher gives
                .optimised = nullptr};
}

// "ResourceInUse" and "ResourceInUseException" both become the latter, as the SDK names its errors.
std::string ExceptionName(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  std::string exception(dot == std::string_view::npos ? name : name.substr(dot + 1));
  if (!exception.ends_with("Exception")) exception += "Exception";
  return exception;
}

TaskOutcome Failed(const wire::Operation& operation, std::string_view prefix, const Error& error,
                   const wire::CallContext& context) {
  const wire::ErrorAnswer answer = wire::NameError(*operation.service, &operation, error);
  TaskOutcome outcome{.kind = TaskOutcome::Kind::kFailed};
  outcome.failure = {std::string(prefix) + "." + ExceptionName(answer.name),
                     answer.message + " (Service: " + std::string(prefix) +
                         ", Status Code: " + std::to_string(answer.status) +
                         ", Request ID: " + context.request_id + ")"};
  return outcome;
}

TaskOutcome FailedAs(std::string_view error, std::string cause) {
  TaskOutcome outcome{.kind = TaskOutcome::Kind::kFailed};
  outcome.failure = {std::string(error), std::move(cause)};
  return outcome;
}

std::string BytesOf(const Value* value) {
  if (!value) return {};
  if (value->as_blob()) return value->as_blob()->bytes;
  if (value->as_string()) return *value->as_string();
  return {};
}

// What a function has thrown: its type names the error, all of it is the cause.
TaskOutcome FunctionFailed(std::string payload) {
  const auto thrown = json::Parse(payload);
  const Value* type = thrown ? thrown->Find("errorType") : nullptr;
  const bool named = type && type->as_string() && !type->as_string()->empty();
  return FailedAs(named ? *type->as_string() : "Lambda.Unknown", std::move(payload));
}

void AppendMetadata(ValueMap& answer, const wire::CallContext& context) {
  ValueMap http;
  http.Append("HttpStatusCode", 200);
  ValueMap response;
  response.Append("RequestId", context.request_id);
  answer.Append("SdkHttpMetadata", std::move(http));
  answer.Append("SdkResponseMetadata", std::move(response));
}

TaskOutcome CallFunction(const wire::Dispatcher& dispatcher, const Resource& resource,
                         const Value& parameters, wire::CallContext& context) {
  const wire::Operation& invoke = OperationOf("lambda", "Invoke");
  ValueMap request;
  request.Append("FunctionName", resource.arn);
  request.Append("Payload", Blob{json::Write(parameters)});
  const auto answer = dispatcher.Call(invoke, std::move(request), context);
  if (!answer) return Failed(invoke, "Lambda", answer.error(), context);
  std::string payload = BytesOf(answer->Find("Payload"));
  if (answer->Find("FunctionError")) return FunctionFailed(std::move(payload));
  auto result = json::Parse(payload.empty() ? "null" : payload);
  if (!result) return FailedAs(kRuntime, "The function's answer is not JSON: " + payload);
  return {.kind = TaskOutcome::Kind::kSucceeded, .value = *std::move(result)};
}

// lambda:invoke takes and gives the payload as JSON, not as text.
TaskOutcome FinishInvoke(const Value& answer, Value converted, const wire::CallContext& context) {
  std::string payload = BytesOf(answer.Find("Payload"));
  if (answer.Find("FunctionError")) return FunctionFailed(std::move(payload));
  ValueMap* map = converted.as_map();
  auto parsed = json::Parse(payload.empty() ? "null" : payload);
  map->Set("Payload", parsed ? *std::move(parsed) : Value(payload));
  AppendMetadata(*map, context);
  return {.kind = TaskOutcome::Kind::kSucceeded, .value = std::move(converted)};
}

std::string TextAt(const Value& value, std::string_view name) {
  const Value* found = value.Find(name);
  return found && found->as_string() ? *found->as_string() : std::string();
}

// An execution that was started by this call before the server was killed is found again by its
// name, which is the call's request id.
Result<Value> FindStarted(const wire::Dispatcher& dispatcher, const Value& request,
                          const Error& error, wire::CallContext& context) {
  const std::string name = TextAt(request, "name");
  std::string arn = TextAt(request, "stateMachineArn");
  const std::size_t type = arn.find(":stateMachine:");
  if (error.wire_name != "ExecutionAlreadyExists" || name != context.request_id ||
      type == std::string::npos) {
    return error;
  }
  arn.replace(type, std::string_view(":stateMachine:").size(), ":execution:");
  ValueMap describe;
  describe.Append("executionArn", arn + ":" + name);
  const auto found = dispatcher.Call(OperationOf("stepfunctions", "DescribeExecution"),
                                     std::move(describe), context);
  if (!found) return error;
  ValueMap answer;
  for (const char* member : {"executionArn", "startDate"}) {
    if (const Value* value = found->Find(member)) answer.Append(member, *value);
  }
  return Value(std::move(answer));
}

TaskOutcome CallIntegration(const wire::Dispatcher& dispatcher, const Resource& resource,
                            const Target& target, Value parameters, wire::CallContext& context) {
  const wire::Operation& operation = *target.operation;
  if (!operation.implemented) {
    return Failed(operation, target.error_prefix,
                  Unsupported(std::string(operation.service->title) + " " +
                              std::string(operation.name) + " is not supported by Usher"),
                  context);
  }
  if (target.optimised && !target.optimised->json_text.empty()) {
    ValueMap* map = parameters.as_map();
    Value* text = map ? map->Find(target.optimised->json_text) : nullptr;
    if (text && !text->as_string()) *text = json::Write(*text);
  }
  Value request = ValueMap();
  if (operation.input) {
    auto converted = ToOperation(*operation.input, parameters);
    if (!converted) return FailedAs(kRuntime, converted.error().message);
    request = *std::move(converted);
  }
  const bool starts = target.optimised && target.optimised->service == "states";
  if (starts && !request.Find("name")) request.as_map()->Append("name", context.request_id);
  auto answer = dispatcher.Call(operation, request, context);
  if (!answer && starts) answer = FindStarted(dispatcher, request, answer.error(), context);
  if (!answer) return Failed(operation, target.error_prefix, answer.error(), context);
  Value converted = ValueMap();
  if (operation.output) {
    auto made = FromOperation(*operation.output, *answer);
    if (!made) return FailedAs(made.error().wire_name, made.error().message);
    converted = *std::move(made);
  }
  if (!target.optimised) {
    return {.kind = TaskOutcome::Kind::kSucceeded, .value = std::move(converted)};
  }
  if (target.optimised->service == "lambda") {
    return FinishInvoke(*answer, std::move(converted), context);
  }
  AppendMetadata(*converted.as_map(), context);
  TaskOutcome outcome{.kind = TaskOutcome::Kind::kSucceeded, .value = std::move(converted)};
  if (resource.pattern == Pattern::kSync || resource.pattern == Pattern::kSync2) {
    ValueMap handle;
    const auto keep = [&](std::string_view from, std::string_view name) {
      const Value* found = from == "answer" ? outcome.value.Find(name) : parameters.Find(name);
      if (found) handle.Append(std::string(name), *found);
    };
    keep("answer", "ExecutionArn");
    keep("answer", "JobRunId");
    keep("parameters", "JobName");
    outcome.kind = TaskOutcome::Kind::kSubmitted;
    outcome.handle = json::Write(handle);
  }
  return outcome;
}

// Times of an execution that was waited for are milliseconds since 1970.
void TimesInMillis(ValueMap& map) {
  for (const char* name : {"StartDate", "StopDate"}) {
    const Value* found = map.Find(name);
    const auto millis =
        found && found->as_string() ? ParseTimestamp(*found->as_string()) : std::nullopt;
    if (millis) map.Set(name, *millis);
  }
}

TaskOutcome PollExecution(const wire::Dispatcher& dispatcher, const Resource& resource,
                          const Value& handle, wire::CallContext& context) {
  const wire::Operation& describe = OperationOf("stepfunctions", "DescribeExecution");
  ValueMap request;
  request.Append("executionArn", TextAt(handle, "ExecutionArn"));
  const auto answer = dispatcher.Call(describe, std::move(request), context);
  if (!answer) return Failed(describe, "StepFunctions", answer.error(), context);
  auto converted = FromOperation(*describe.output, *answer);
  if (!converted) return FailedAs(converted.error().wire_name, converted.error().message);
  ValueMap* map = converted->as_map();
  TimesInMillis(*map);
  const std::string status = TextAt(*converted, "Status");
  if (status == "RUNNING") return {.kind = TaskOutcome::Kind::kRunning};
  if (resource.pattern == Pattern::kSync2) {
    for (const char* name : {"Input", "Output"}) {
      const Value* text = map->Find(name);
      auto parsed = text && text->as_string() ? json::Parse(*text->as_string())
                                              : Result<Value>(InvalidInput("no text"));
      if (parsed) map->Set(name, *std::move(parsed));
    }
  }
  if (status != "SUCCEEDED") return FailedAs(kTaskFailed, json::Write(*converted));
  return {.kind = TaskOutcome::Kind::kSucceeded, .value = *std::move(converted)};
}

TaskOutcome PollJobRun(const wire::Dispatcher& dispatcher, const Value& handle,
                       wire::CallContext& context) {
  const wire::Operation& get = OperationOf("glue", "GetJobRun");
  ValueMap request;
  request.Append("JobName", TextAt(handle, "JobName"));
  request.Append("RunId", TextAt(handle, "JobRunId"));
  const auto answer = dispatcher.Call(get, std::move(request), context);
  if (!answer) return Failed(get, "Glue", answer.error(), context);
  const Value* run = answer->Find("JobRun");
  const auto* member = get.output ? FindSdkMember(*get.output, "JobRun") : nullptr;
  if (!run || !member) return FailedAs(kRuntime, "Glue has no such run");
  auto converted = FromOperation(*member->shape, *run);
  if (!converted) return FailedAs(converted.error().wire_name, converted.error().message);
  const std::string state = TextAt(*converted, "JobRunState");
  if (state == "SUCCEEDED") {
    return {.kind = TaskOutcome::Kind::kSucceeded, .value = *std::move(converted)};
  }
  const bool ended = state == "FAILED" || state == "STOPPED" || state == "TIMEOUT" ||
                     state == "ERROR" || state == "EXPIRED";
  if (!ended) return {.kind = TaskOutcome::Kind::kRunning};
  return FailedAs(kTaskFailed, json::Write(*converted));
}

}  // namespace

Result<void> CheckTask(std::string_view text, const Value* parameters) {
  const auto resource = ParseResource(text);
  if (!resource) return resource.error();
  if (resource->kind != Resource::Kind::kIntegration) return {};
  const auto target = FindTarget(*resource);
  if (!target) return target.error();
  const bool syncs = resource->pattern == Pattern::kSync || resource->pattern == Pattern::kSync2;
  const bool can_sync = target->optimised && target->optimised->syncs &&
                        (resource->pattern != Pattern::kSync2 || resource->service == "states");
  if (syncs && !can_sync) {
    return InvalidInput("The resource '" + resource->arn +
                        "' cannot be waited for in this way: remove the part behind " +
                        resource->action);
  }
  if (parameters && target->operation->input && parameters->as_map()) {
    Value checked = *parameters;
    if (target->optimised && !target->optimised->json_text.empty()) {
      checked.as_map()->Erase(target->optimised->json_text);
    }
    if (const auto fits = CheckSdkTemplate(*target->operation->input, checked); !fits) {
      return Named("Parameters", ErrorCode::kInvalidInput, fits.error().message);
    }
  }
  return {};
}

TaskOutcome CallTask(const wire::Dispatcher& dispatcher, const Resource& resource,
                     const Value& parameters, wire::CallContext& context) {
  if (context.request_id.empty()) context.request_id = NewUuid();
  if (resource.kind == Resource::Kind::kFunction) {
    return CallFunction(dispatcher, resource, parameters, context);
  }
  Check(resource.kind == Resource::Kind::kIntegration, "activities are not called");
  const auto target = FindTarget(resource);
  if (!target) return FailedAs(kRuntime, target.error().message);
  TaskOutcome outcome = CallIntegration(dispatcher, resource, *target, parameters, context);
  outcome.traced_as = target->traced_as;
  return outcome;
}

TaskOutcome PollTask(const wire::Dispatcher& dispatcher, const Resource& resource,
                     const std::string& handle, wire::CallContext& context) {
  if (context.request_id.empty()) context.request_id = NewUuid();
  const auto parsed = json::Parse(handle);
  if (!parsed) return FailedAs(kRuntime, "what the task has started is not known any more");
  if (resource.service == "glue") return PollJobRun(dispatcher, *parsed, context);
  return PollExecution(dispatcher, resource, *parsed, context);
}

}  // namespace usher::states
