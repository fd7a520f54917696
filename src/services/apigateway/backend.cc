#include "services/apigateway/backend.h"

#include "base/random.h"
#include "tracing/trace_context.h"
#include "wire/lambda.h"

namespace usher::apigateway {
namespace {

namespace lambda = usher::api::lambda;
using std::chrono::milliseconds;

// A function's environment may take this long to be made, beside its own timeout.
constexpr milliseconds kInitLimit{10'000};
constexpr milliseconds kKnowFor{2'000};
constexpr std::size_t kMaxKnown = 10'000;
constexpr std::size_t kMaxEndpointBytes = 10U << 20;

Failure CannotInvoke(const ApiCall& call, const Error& error) {
  const std::string& function = call.method->function->function;
  if (error.wire_name == "RequestTooLargeException") {
    return {.type = "REQUEST_TOO_LARGE",
            .status = 413,
            .message = "Request Too Long",
            .log = "Execution failed due to configuration error: " + error.message,
            .reason = "Lambda takes events of at most 6 MB",
            .error = error.message};
  }
  if (error.wire_name == "InvalidRequestContentException") {
    return {.type = "DEFAULT_4XX",
            .status = 400,
            .message = error.message,
            .log = "Execution failed: " + error.message,
            .reason =
                "what goes to the function must be JSON: the request template makes it, or the "
                "request's body is it",
            .error = error.message};
  }
  if (error.code == ErrorCode::kNotFound) {
    Failure failure =
        ConfigurationError("Invalid permissions on Lambda function",
                           "there is no function " + function + "; the integration's URI names it");
    failure.error = error.message;
    return failure;
  }
  Failure failure =
      ConfigurationError("Lambda invocation failed: " + error.message,
                         error.code == ErrorCode::kThrottled
                             ? "the function's concurrency is used up (put-function-concurrency)"
                             : "Lambda did not run " + function);
  failure.error = error.message;
  return failure;
}

}  // namespace

// A call that another thread makes. The trace of the request stays with the request: the call gets
// a copy that adds nothing to the segment that is open there.
struct FunctionCaller::Pending {
  std::string function;
  std::string region;
  std::string event;
  wire::TraceContext trace;
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Result<FunctionAnswer>> answer;
};

Result<FunctionAnswer> FunctionCaller::Invoke(const std::string& function,
                                              const std::string& region, std::string event,
                                              bool asynchronous, wire::TraceContext& trace) const {
  wire::CallContext context;
  context.region = region;
  context.now = clock_.Now();
  context.trace = trace;
  context.request_id = NewUuid();
  const auto type = asynchronous ? std::optional<std::string>("Event") : std::nullopt;
  auto answer = dispatcher_.Call<lambda::Invoke>(
      lambda::InvocationRequest{
          .function_name = function, .invocation_type = type, .payload = std::move(event)},
      context);
  if (!answer) return answer.error();
  return FunctionAnswer{.payload = std::move(answer->payload).value_or(""),
                        .failed = answer->function_error.has_value(),
                        .request_id = context.request_id};
}

std::optional<milliseconds> FunctionCaller::LimitOf(const LambdaTarget& target) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(known_mutex_);
    const auto found = known_.find(target.function);
    if (found != known_.end() && now - found->second.asked < kKnowFor) return found->second.limit;
  }
  wire::CallContext context;
  context.region = target.region;
  context.now = clock_.Now();
  const auto configuration = dispatcher_.Call<lambda::GetFunctionConfiguration>(
      lambda::GetFunctionConfigurationRequest{.function_name = target.function}, context);
  if (!configuration) return std::nullopt;
  const milliseconds limit = std::chrono::seconds(configuration->timeout.value_or(3));
  const std::lock_guard lock(known_mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_[target.function] = {limit, now};
  return limit;
}

std::variant<FunctionAnswer, Failure> FunctionCaller::Call(ApiCall& call, std::string event,
                                                           bool asynchronous) {
  const LambdaTarget& target = *call.method->function;
  const milliseconds timeout(call.method->timeout_ms);
  const auto limit = LimitOf(target);
  if (asynchronous || (limit && *limit + kInitLimit < timeout)) {
    auto answer =
        Invoke(target.function, target.region, std::move(event), asynchronous, call.trace);
    if (!answer) return CannotInvoke(call, answer.error());
    return *std::move(answer);
  }

  tracing::SubsegmentScope scope(call.trace, "Lambda", tracing::kAwsNamespace);
  if (scope) {
    scope->aws.Set("operation", "Invoke");
    scope->aws.Set("function_name", target.function);
    scope->aws.Set("region", target.region);
  }
  auto pending = std::make_shared<Pending>();
  pending->function = target.function;
  pending->region = target.region;
  pending->event = std::move(event);
  pending->trace = call.trace;
  pending->trace.open = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return ConfigurationError("the server is stopping", {});
    if (idle_ < queue_.size() + 1) {
      if (threads_.size() >= kMaxWaitingCalls) {
        return Failure{.type = "THROTTLED",
                       .status = 429,
                       .message = "Too Many Requests",
                       .log = "Too many functions are still running for requests of APIs",
                       .reason = {},
                       .error = {}};
      }
      threads_.emplace_back([this] { Work(); });
      ++idle_;
    }
    queue_.push_back(pending);
  }
  work_.notify_one();
  std::unique_lock lock(pending->mutex);
  const bool in_time =
      pending->done.wait_for(lock, timeout, [&] { return pending->answer.has_value(); });
  if (!in_time) {
    if (scope) scope->AddException("Timeout", "the function did not answer in time", false);
    return TimedOut("Execution failed due to a timeout error",
                    "the function did not answer within " + std::to_string(timeout.count()) +
                        " ms, the integration's timeoutInMillis; it goes on without the request");
  }
  if (!*pending->answer) {
    if (scope) scope->AddException("Lambda", pending->answer->error().message, false);
    return CannotInvoke(call, pending->answer->error());
  }
  if (scope)
    scope->http = tracing::HttpInfo{
        .method = {}, .url = {}, .user_agent = {}, .client_ip = {}, .status = 200};
  return **std::move(pending->answer);
}

void FunctionCaller::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::shared_ptr<Pending> pending = std::move(queue_.front());
    queue_.pop_front();
    --idle_;
    lock.unlock();
    auto answer = Invoke(pending->function, pending->region, std::move(pending->event), false,
                         pending->trace);
    {
      const std::lock_guard done(pending->mutex);
      pending->answer = std::move(answer);
    }
    pending->done.notify_all();
    lock.lock();
    ++idle_;
  }
}

void FunctionCaller::Stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  work_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

std::variant<outbound::HttpReply, Failure> CallEndpoint(outbound::HttpClient& client,
                                                        const ApiCall& call,
                                                        outbound::HttpCall request) {
  request.timeout = milliseconds(call.method->timeout_ms);
  request.max_answer_bytes = kMaxEndpointBytes;
  const std::string host = request.url.substr(0, request.url.find('?'));
  auto reply = client.Send(request);
  if (reply && !reply->was_cut) return *std::move(reply);
  if (reply) {
    return Failure{.type = "DEFAULT_5XX",
                   .status = 502,
                   .message = "Internal server error",
                   .log = "Execution failed due to an endpoint's answer that is too long",
                   .reason = "the endpoint's answer is longer than 10 MB",
                   .error = {}};
  }
  const Error& error = reply.error();
  if (error.wire_name == outbound::kTimedOut) {
    return TimedOut("Execution failed due to a timeout error",
                    host + " did not answer within " + std::to_string(call.method->timeout_ms) +
                        " ms, the integration's timeoutInMillis");
  }
  if (error.code == ErrorCode::kAccessDenied || error.code == ErrorCode::kInvalidInput) {
    Failure failure = ConfigurationError("Invalid endpoint address", host + ": " + error.message);
    failure.error = error.message;
    return failure;
  }
  return Failure{.type = "INTEGRATION_FAILURE",
                 .status = 504,
                 .message = "Network error communicating with endpoint",
                 .log = "Execution failed due to a network error communicating with endpoint",
                 .reason = host + ": " + error.message,
                 .error = error.message};
}

}  // namespace usher::apigateway
