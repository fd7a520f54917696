#include "services/apigateway/reply.h"

#include "json/json.h"
#include "services/apigateway/template_objects.h"

namespace usher::apigateway {
namespace {

struct Kind {
  std::string_view type;
  std::string_view error_type;
  // What is refused at the door is told without a space after the colon, what fails later with one,
  // as the service has it.
  bool spaced = false;
};

constexpr Kind kKinds[] = {
    {"ACCESS_DENIED", "AccessDeniedException"},
    {"API_CONFIGURATION_ERROR", "InternalServerErrorException", true},
    {"BAD_REQUEST_BODY", "BadRequestException", true},
    {"BAD_REQUEST_PARAMETERS", "BadRequestException", true},
    {"DEFAULT_4XX", "BadRequestException", true},
    {"DEFAULT_5XX", "InternalServerErrorException", true},
    {"INTEGRATION_FAILURE", "InternalServerErrorException", true},
    {"INTEGRATION_TIMEOUT", "InternalServerErrorException", true},
    {"INVALID_API_KEY", "ForbiddenException"},
    {"INVALID_SIGNATURE", "InvalidSignatureException"},
    {"MISSING_AUTHENTICATION_TOKEN", "MissingAuthenticationTokenException"},
    {"QUOTA_EXCEEDED", "LimitExceededException"},
    {"REQUEST_TOO_LARGE", "RequestTooLargeException"},
    {"THROTTLED", "TooManyRequestsException"},
    {"UNSUPPORTED_MEDIA_TYPE", "UnsupportedMediaTypeException", true},
};

const Kind& KindOf(std::string_view type) {
  for (const Kind& kind : kKinds) {
    if (kind.type == type) return kind;
  }
  static constexpr Kind kForbidden{"", "ForbiddenException"};
  return kForbidden;
}

// That of the type, else that of all 4XX or 5XX; nullptr when neither was set.
const CompiledGatewayResponse* Customised(const Failure& failure, const ApiCall& call) {
  if (!call.stage) return nullptr;
  const auto& all = call.stage->gateway_responses;
  auto found = all.find(failure.type);
  if (found == all.end()) found = all.find(failure.status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX");
  return found == all.end() ? nullptr : &found->second;
}

}  // namespace

Failure ConfigurationError(std::string log, std::string reason) {
  return {.type = "API_CONFIGURATION_ERROR",
          .status = 500,
          .message = "Internal server error",
          .log = "Execution failed due to configuration error: " + log,
          .reason = std::move(reason),
          .error = {}};
}

Failure TimedOut(std::string log, std::string reason) {
  return {.type = "INTEGRATION_TIMEOUT",
          .status = 504,
          .message = "Endpoint request timed out",
          .log = std::move(log),
          .reason = std::move(reason),
          .error = {}};
}

Failure MissingToken(std::string reason) {
  return {.type = "MISSING_AUTHENTICATION_TOKEN",
          .status = 403,
          .message = "Missing Authentication Token",
          .log = {},
          .reason = std::move(reason),
          .error = {}};
}

Failure Forbidden(std::string log, std::string reason) {
  return {.type = "INVALID_API_KEY",
          .status = 403,
          .message = "Forbidden",
          .log = std::move(log),
          .reason = std::move(reason),
          .error = {}};
}

Reply ReplyTo(const Failure& failure, ApiCall& call, ExecutionLog& log) {
  const Kind& kind = KindOf(failure.type);
  call.error_message = failure.message;
  call.error_type = failure.type;
  if (!failure.error.empty()) call.integration_error = failure.error;
  if (!failure.log.empty()) log.TellFailure(failure.log);
  if (!failure.reason.empty()) log.TellFailure("Reason: " + failure.reason);

  Reply reply{.status = failure.status, .headers = {}, .body = {}};
  reply.headers.Add("Content-Type", "application/json");
  reply.headers.Add("x-amzn-ErrorType", std::string(kind.error_type));
  reply.body = kind.spaced ? "{\"message\": " : "{\"message\":";
  json::AppendString(reply.body, failure.message);
  reply.body += '}';
  const CompiledGatewayResponse* const custom = Customised(failure, call);
  if (custom == nullptr) return reply;

  if (custom->status != 0) reply.status = custom->status;
  for (const Mapping& mapping : custom->mappings) {
    if (mapping.to.place != Place::kHeader) continue;
    if (const auto value = RequestValue(call, mapping.from)) {
      reply.headers.Set(mapping.to.name, *value);
    }
  }
  if (custom->templates.empty()) return reply;
  const TypedTemplate* chosen = &custom->templates.front();
  for (const TypedTemplate& one : custom->templates) {
    if (one.type == "application/json") chosen = &one;
  }
  auto rendered = chosen->code ? RenderTemplate(*chosen->code, call, call.body)
                               : Result<Rendered>(chosen->code.error());
  if (!rendered) {
    log.TellFailure("The template of the gateway response " + std::string(failure.type) +
                    " failed: " + rendered.error().message);
    return reply;
  }
  reply.headers.Set("Content-Type", chosen->type);
  reply.body = std::move(rendered->text);
  return reply;
}

}  // namespace usher::apigateway
