#include "services/lambda/executor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/random.h"
#include "json/json.h"
#include "metrics/registry.h"
#include "services/lambda/function_trace.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxBuiltinStreams = 1000;

std::string ErrorPayload(std::string_view message, std::string_view type) {
  ValueMap body;
  body.Append("errorMessage", message);
  body.Append("errorType", type);
  return json::Write(body);
}

std::string_view TypeOf(const Error& error) {
  if (!error.wire_name.empty()) return error.wire_name;
  switch (error.code) {
    case ErrorCode::kInvalidInput:
      return "InvalidInput";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kAlreadyExists:
      return "AlreadyExists";
    case ErrorCode::kInUse:
      return "InUse";
    case ErrorCode::kLimitExceeded:
      return "LimitExceeded";
    case ErrorCode::kInvalidNextToken:
      return "InvalidNextToken";
    case ErrorCode::kAccessDenied:
      return "AccessDenied";
    case ErrorCode::kUnsupported:
      return "Unsupported";
    case ErrorCode::kThrottled:
      return "Throttled";
    case ErrorCode::kCancelled:
      return "Cancelled";
    case ErrorCode::kCorrupt:
      return "Corrupt";
    case ErrorCode::kInternal:
      break;
  }
  return "Internal";
}

std::string Fixed2(double number) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.2f", number);
  return text.data();
}

InvocationResult Failed(std::string payload) {
  return {.kind = InvocationResult::Kind::kFailed, .payload = std::move(payload), .log_tail = {}};
}

// As CloudWatch shows them under AWS/Lambda.
constexpr std::string_view kMetrics = "AWS/Lambda";

void CountFunction(metrics::Registry* metrics, std::string_view function, std::string_view name,
                   double count = 1) {
  if (metrics != nullptr) metrics->Count(kMetrics, name, {{"FunctionName", function}}, count);
}

void MeasureFunction(metrics::Registry* metrics, std::string_view function,
                     const Result<InvocationResult>& result, double ms) {
  if (metrics == nullptr || !result) return;  // a server that stops tells nothing of its functions
  CountFunction(metrics, function, "Invocations");
  const bool has_failed = result->kind != InvocationResult::Kind::kResponse;
  CountFunction(metrics, function, "Errors", has_failed ? 1 : 0);
  metrics->Add(kMetrics, "Duration", {{"FunctionName", function}}, ms, metrics::kMilliseconds);
}

// Of a version as it is now: whoever changes code or configuration gives it another revision.
std::string KeyOf(const Target& target) {
  const api::FunctionConfiguration& config = target.version.configuration;
  return target.function.name + ":" + config.version.value_or("") + ":" +
         config.revision_id.value_or("");
}

}  // namespace

std::string LogGroupOf(const api::FunctionConfiguration& configuration) {
  if (configuration.logging_config && configuration.logging_config->log_group) {
    return *configuration.logging_config->log_group;
  }
  return "/aws/lambda/" + configuration.function_name.value_or("");
}

const functions::BuiltinFunction* Executor::FindBuiltin(std::string_view handler) const {
  const auto found = std::ranges::find(builtins_, handler, &functions::BuiltinFunction::handler);
  return found == builtins_.end() ? nullptr : &*found;
}

std::optional<std::string> Executor::Obstacle(
    const api::FunctionConfiguration& configuration) const {
  if (KindOf(configuration.runtime.value_or("")) == RuntimeKind::kBuiltin) {
    if (FindBuiltin(configuration.handler.value_or("")) != nullptr) return std::nullopt;
    std::string known;
    for (const functions::BuiltinFunction& builtin : builtins_) {
      known += (known.empty() ? "" : ", ") + std::string(builtin.handler);
    }
    return "No function '" + configuration.handler.value_or("") +
           "' is built in. Built in are: " + (known.empty() ? "none" : known);
  }
  for (const api::Layer& layer : configuration.layers.value_or(std::vector<api::Layer>())) {
    if (const auto checked = layers_.Check(layer.arn.value_or("")); !checked) {
      return checked.error().message;
    }
  }
  return std::nullopt;
}

std::string Executor::NewStreamName(std::string_view version) const {
  std::string day = FormatIso8601(clock_.Now()).substr(0, 10);
  std::ranges::replace(day, '-', '/');
  return day + "/[" + std::string(version) + "]" + SecureHex(16);
}

FunctionLog::Sink Executor::SinkFor(const log_events::LogWriter::Stream& stream) const {
  return [&logs = logs_, stream](Time time, std::string message) {
    logs.Write(stream, time, std::move(message));
  };
}

Result<InvocationResult> Executor::Run(const Target& target, const RunRequest& request) {
  const api::FunctionConfiguration& config = target.version.configuration;
  tracing::TraceContext trace = TraceOf(request, config, dispatcher_.recorder());
  tracing::SegmentScope segment(trace, target.function.name, tracing::kLambda);
  if (segment) {
    DescribeService(*segment, request,
                    FunctionArn(request.region, target.function.name, request.qualifier));
  }
  auto place = pool_.Enter(
      target.function.name,
      {.reserved = target.function.reserved_concurrency, .unreserved = unreserved_.load()},
      request.patience, request.stop);
  if (!place) {
    const bool is_throttled = place.error().code == ErrorCode::kThrottled;
    if (segment) segment->SetStatus(is_throttled ? 429 : 500);
    if (is_throttled) CountFunction(dispatcher_.metrics(), target.function.name, "Throttles");
    return place.error();
  }
  const auto begin = std::chrono::steady_clock::now();
  auto result = RunInPlace(target, request, *place, trace);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
  MeasureFunction(dispatcher_.metrics(), target.function.name, result, time.count());
  // The service has done its part also where the function has failed.
  if (segment) {
    segment->http->status = 200;
    segment->error = !result || result->kind != InvocationResult::Kind::kResponse;
  }
  return result;
}

Result<InvocationResult> Executor::RunInPlace(const Target& target, const RunRequest& request,
                                              Pool::Place& place, tracing::TraceContext& trace) {
  const api::FunctionConfiguration& config = target.version.configuration;
  if (KindOf(config.runtime.value_or("")) == RuntimeKind::kBuiltin) {
    return RunBuiltin(target, request, trace);
  }

  std::optional<Error> obstacle;
  const std::string version = config.version.value_or(std::string(kLatest));
  const log_events::LogWriter::Stream stream{
      .region = request.region, .group = LogGroupOf(config), .name = NewStreamName(version)};
  Sandbox* sandbox = place.Take(KeyOf(target), [&]() -> std::unique_ptr<Sandbox> {
    auto spec = runtimes_.Prepare(target, request.region, stream.group, stream.name);
    if (!spec) {
      obstacle = spec.error();
      return nullptr;
    }
    spec->log = SinkFor(stream);
    return std::make_unique<Sandbox>(*std::move(spec), pool_.spawner(), clock_);
  });
  if (sandbox == nullptr) {
    // Told in the function's log too, where whoever looks for an asynchronous one will look.
    const std::string words = "RequestId: " + request.request_id + " Error: " + obstacle->message;
    logs_.Write(stream, clock_.Now(), words);
    InvocationResult failed = Failed(ErrorPayload(words, "Runtime.CannotStart"));
    failed.log_tail = words + "\n";
    return failed;
  }
  const std::string arn = FunctionArn(request.region, target.function.name, request.qualifier);
  FunctionTrace function(trace, target.function.name, arn, request.request_id);
  InvocationResult result = sandbox->Invoke({.request_id = request.request_id,
                                             .payload = request.payload,
                                             .function_arn = arn,
                                             .trace_id = function.Header(clock_.Now()),
                                             .trace_line = function.LogLine(),
                                             .client_context = request.client_context,
                                             .stop = request.stop});
  function.End(result);
  if (result.kind == InvocationResult::Kind::kStopped) return Cancelled("the server is stopping");
  return result;
}

std::string Executor::StreamOfBuiltin(const std::string& key, std::string_view version) {
  const std::lock_guard lock(mutex_);
  if (builtin_streams_.size() >= kMaxBuiltinStreams) builtin_streams_.clear();
  std::string& name = builtin_streams_[key];
  if (name.empty()) name = NewStreamName(version);
  return name;
}

InvocationResult Executor::RunBuiltin(const Target& target, const RunRequest& request,
                                      tracing::TraceContext& trace) {
  const api::FunctionConfiguration& config = target.version.configuration;
  const std::string version = config.version.value_or(std::string(kLatest));
  const log_events::LogWriter::Stream stream{.region = request.region,
                                             .group = LogGroupOf(config),
                                             .name = StreamOfBuiltin(KeyOf(target), version)};
  std::mutex log_mutex;  // the function may log from threads of its own
  FunctionLog log(clock_, SinkFor(stream));
  log.Begin();
  log.Write("START RequestId: " + request.request_id + " Version: " + version);

  const std::string arn = FunctionArn(request.region, target.function.name, request.qualifier);
  tracing::SegmentScope segment(trace, target.function.name, tracing::kLambdaFunction);
  if (segment) DescribeFunction(*segment, request.request_id, arn);
  std::optional<tracing::SubsegmentScope> invocation(std::in_place, trace, kInvocation);

  const functions::BuiltinFunction* builtin = FindBuiltin(config.handler.value_or(""));
  const auto begin = std::chrono::steady_clock::now();
  InvocationResult result;
  if (builtin == nullptr) {
    const std::string words = Obstacle(config).value_or("");
    log.Write("[ERROR] " + words);
    result = Failed(ErrorPayload(words, "Runtime.HandlerNotFound"));
  } else {
    wire::CallContext call;
    call.region = request.region;
    call.request_id = request.request_id;
    call.trace = trace;
    call.now = clock_.Now();
    static const std::map<std::string, std::string> kNoVariables;
    const bool has_variables = config.environment && config.environment->variables;
    const std::chrono::seconds timeout(config.timeout.value_or(3));
    functions::FunctionContext context{
        .request_id = request.request_id,
        .function_name = target.function.name,
        .function_version = version,
        .invoked_function_arn = arn,
        .environment = has_variables ? *config.environment->variables : kNoVariables,
        .deadline = clock_.Now() + timeout,
        .clock = clock_,
        .cancelled = request.stop != nullptr ? *request.stop : cancelled_,
        .dispatcher = dispatcher_,
        .call = call,
        .log = [&](std::string_view line) {
          const std::lock_guard lock(log_mutex);
          log.Feed(std::string(line) + "\n");
        }};
    auto answer = builtin->run(std::string(request.payload), context);
    if (cancelled_.load() && !answer) {
      result.kind = InvocationResult::Kind::kStopped;
    } else if (clock_.Now() >= context.deadline && !answer) {
      const std::string words = FormatIso8601(clock_.Now()) + " " + request.request_id +
                                " Task timed out after " +
                                Fixed2(static_cast<double>(timeout.count())) + " seconds";
      log.Write(words);
      ValueMap body;
      body.Append("errorMessage", words);
      result = Failed(json::Write(body));
    } else if (!answer) {
      const std::string_view type = TypeOf(answer.error());
      log.Write("[ERROR] " + std::string(type) + ": " + answer.error().message);
      result = Failed(ErrorPayload(answer.error().message, type));
    } else if (answer->size() > kMaxResponseBytes) {
      result = Failed(ErrorPayload("Response payload size exceeded maximum allowed payload size.",
                                   "Function.ResponseSizeTooLarge"));
    } else {
      result = {
          .kind = InvocationResult::Kind::kResponse, .payload = *std::move(answer), .log_tail = {}};
    }
  }
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (*invocation) DescribeFailure(**invocation, result);
  invocation.reset();
  if (segment) segment->error = result.kind != InvocationResult::Kind::kResponse;
  log.Write("END RequestId: " + request.request_id);
  log.Write("REPORT RequestId: " + request.request_id + "\tDuration: " + Fixed2(ms) +
            " ms\tBilled Duration: " + std::to_string(static_cast<std::int64_t>(std::ceil(ms))) +
            " ms\tMemory Size: " + std::to_string(config.memory_size.value_or(128)) +
            " MB\tMax Memory Used: 1 MB\t" + (segment ? "\n" + TraceLine(*segment) : ""));
  result.log_tail = log.tail();
  return result;
}

}  // namespace usher::lambda
