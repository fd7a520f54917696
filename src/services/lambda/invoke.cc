// Operations Invoke (RequestResponse, Event, DryRun) and InvokeAsync.
// Errors: not found; invalid input (InvalidRequestContentException for what is no JSON,
// RequestTooLargeException); throttled with its Reason; in use for a function that cannot run.
#include "base/byte_source.h"
#include "base/encoding.h"
#include "base/random.h"
#include "json/json.h"
#include "services/lambda/asynchronous.h"
#include "services/lambda/operations.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxPayloadBytes = 6U << 20;
constexpr std::size_t kMaxAsynchronousBytes = 1U << 20;  // asynchronous
constexpr std::size_t kMaxClientContextBytes = 3583;     // in base64

Error TooLarge(std::size_t size, std::size_t limit) {
  return Named("RequestTooLargeException", ErrorCode::kLimitExceeded,
               std::to_string(size) + " byte payload is too large for the invocation type (limit " +
                   std::to_string(limit) + " bytes)",
               413);
}

Result<void> CheckPayload(std::string_view payload, std::size_t limit) {
  if (payload.size() > limit) return TooLarge(payload.size(), limit);
  if (payload.empty()) return {};
  const auto parsed = json::CheckGrammar(payload);
  if (parsed) return {};
  return Named("InvalidRequestContentException", ErrorCode::kInvalidInput,
               "Could not parse request body into json: " + parsed.error().message, 400);
}

Result<std::string> DecodeClientContext(const std::optional<std::string>& text) {
  if (!text) return std::string();
  if (text->size() > kMaxClientContextBytes) {
    return InvalidInput("the client context is longer than 3583 bytes");
  }
  const auto decoded = Base64Decode(*text);
  if (!decoded || !json::CheckGrammar(*decoded)) {
    return Named("InvalidRequestContentException", ErrorCode::kInvalidInput,
                 "Client context must be a valid Base64-encoded JSON object.", 400);
  }
  return *decoded;
}

Error CannotRun(const std::string& why) {
  return InUse(
      "The operation cannot be performed at this time. The function is currently in the following "
      "state: Failed. " +
      why);
}

// A number in [0, 1) for the choice among an alias's versions.
double Dice() {
  unsigned char bytes[4];
  SecureRandom(bytes);
  std::uint32_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8 | byte;
  return number / 4294967296.0;
}

// An internal call has no id of its own.
std::string RequestIdOf(const wire::CallContext& context) {
  return context.request_id.empty() ? NewUuid() : context.request_id;
}

}  // namespace

Result<api::InvocationResponse> Invoke(const api::InvocationRequest& request, Service& service,
                                       wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  const std::string type = request.invocation_type.value_or("RequestResponse");
  const bool is_event = type == "Event";
  const std::string_view given =
      request.payload ? std::string_view(*request.payload) : std::string_view();
  if (const auto checked = CheckPayload(given, is_event ? kMaxAsynchronousBytes : kMaxPayloadBytes);
      !checked) {
    return checked.error();
  }
  const auto client_context = DecodeClientContext(request.client_context);
  if (!client_context) return client_context.error();
  const auto target = service.catalog.Resolve(context.region, *name, Dice());
  if (!target) return target.error();
  const api::FunctionConfiguration& configuration = (*target)->version.configuration;
  if (type == "DryRun") return api::InvocationResponse{.status_code = 204};

  const std::string_view payload = given.empty() ? "{}" : given;
  if (is_event) {
    // Each attempt is of the same trace.
    if (context.trace.is_recorded() && context.trace.root.empty()) {
      context.trace.root = tracing::NewTraceId(context.now);
    }
    const auto accepted = Accept({.request_id = RequestIdOf(context),
                                  .function = name->name,
                                  .qualifier = name->qualifier,
                                  .region = context.region,
                                  .payload = std::string(payload),
                                  .client_context = *client_context,
                                  .trace = context.trace},
                                 service);
    if (!accepted) return accepted.error();
    return api::InvocationResponse{.status_code = 202};
  }

  if (const auto obstacle = service.executor.Obstacle(configuration)) return CannotRun(*obstacle);
  auto result = service.executor.Run(**target, {.request_id = RequestIdOf(context),
                                                .payload = payload,
                                                .qualifier = name->qualifier,
                                                .region = context.region,
                                                .trace = context.trace,
                                                .client_context = *client_context});
  if (!result) return result.error();
  api::InvocationResponse answer{.status_code = 200,
                                 .payload = std::move(result->payload),
                                 .executed_version = configuration.version};
  if (result->kind != InvocationResult::Kind::kResponse) answer.function_error = "Unhandled";
  if (request.log_type == "Tail") answer.log_result = Base64Encode(result->log_tail);
  return answer;
}

Result<api::InvokeAsyncResponse> InvokeAsync(const api::InvokeAsyncRequest& request,
                                             Service& service, wire::CallContext& context) {
  std::string payload;
  if (request.invoke_args) {
    auto read = ReadAll(*request.invoke_args, kMaxAsynchronousBytes);
    if (!read) return read.error();
    payload = *std::move(read);
  }
  const auto invoked = Invoke({.function_name = request.function_name,
                               .invocation_type = "Event",
                               .payload = std::move(payload)},
                              service, context);
  if (!invoked) return invoked.error();
  return api::InvokeAsyncResponse{.status = 202};
}

}  // namespace usher::lambda
