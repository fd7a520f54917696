#include "services/apigateway/api_call.h"

#include <array>
#include <ctime>

#include "base/text.h"
#include "json/json.h"
#include "json/json_path.h"

namespace usher::apigateway {
namespace {

using Read = std::string (*)(const ApiCall&);

struct Variable {
  std::string_view name;
  Read read;
};

std::string StagePath(const ApiCall& call) {
  return "/" + call.stage->stage + (call.path == "/" ? "/" : call.path);
}

// Those that are always there.
constexpr Variable kVariables[] = {
    {"accountId", [](const ApiCall&) { return std::string(wire::kAccountId); }},
    {"apiId", [](const ApiCall& call) { return call.stage->api_id; }},
    {"deploymentId", [](const ApiCall& call) { return call.stage->deployment_id; }},
    {"domainName", [](const ApiCall& call) { return call.domain; }},
    {"domainPrefix",
     [](const ApiCall& call) { return call.domain.substr(0, call.domain.find('.')); }},
    {"extendedRequestId", [](const ApiCall& call) { return call.extended_id; }},
    {"httpMethod", [](const ApiCall& call) { return call.verb; }},
    {"path", StagePath},
    {"protocol", [](const ApiCall&) { return std::string("HTTP/1.1"); }},
    {"requestId", [](const ApiCall& call) { return call.request_id; }},
    {"requestTime", [](const ApiCall& call) { return CommonLogTime(call.time); }},
    {"requestTimeEpoch",
     [](const ApiCall& call) { return std::to_string(EpochMillis(call.time)); }},
    {"resourceId", [](const ApiCall& call) { return call.resource_id; }},
    {"resourcePath", [](const ApiCall& call) { return call.resource_path; }},
    {"stage", [](const ApiCall& call) { return call.stage->stage; }},
    {"identity.sourceIp", [](const ApiCall& call) { return call.peer; }},
};

// Those that may be missing: an empty text says so.
constexpr Variable kMaybe[] = {
    {"identity.userAgent",
     [](const ApiCall& call) { return std::string(HeaderOf(call, "User-Agent")); }},
    {"identity.userArn", [](const ApiCall& call) { return call.user_arn; }},
    {"identity.accessKey", [](const ApiCall& call) { return call.access_key_id; }},
    {"identity.accountId",
     [](const ApiCall& call) {
       return call.user_arn.empty() ? std::string() : std::string(wire::kAccountId);
     }},
    {"identity.apiKey", [](const ApiCall& call) { return call.api_key; }},
    {"identity.apiKeyId", [](const ApiCall& call) { return call.api_key_id; }},
    {"xrayTraceId",
     [](const ApiCall& call) { return call.trace.sampled ? call.trace.root : std::string(); }},
    {"error.message", [](const ApiCall& call) { return call.error_message; }},
    {"error.messageString",
     [](const ApiCall& call) {
       std::string text;
       if (!call.error_message.empty()) json::AppendString(text, call.error_message);
       return text;
     }},
    {"error.responseType", [](const ApiCall& call) { return call.error_type; }},
    {"error.validationErrorString", [](const ApiCall& call) { return call.validation_error; }},
    {"status",
     [](const ApiCall& call) {
       return call.status == 0 ? std::string() : std::to_string(call.status);
     }},
    {"responseLength",
     [](const ApiCall& call) {
       return call.status == 0 ? std::string() : std::to_string(call.response_bytes);
     }},
    {"responseLatency",
     [](const ApiCall& call) {
       return call.status == 0 ? std::string() : std::to_string(call.response_ms);
     }},
    {"integration.error", [](const ApiCall& call) { return call.integration_error; }},
    {"integrationErrorMessage", [](const ApiCall& call) { return call.integration_error; }},
    {"integration.status",
     [](const ApiCall& call) {
       return call.integration_status == 0 ? std::string()
                                           : std::to_string(call.integration_status);
     }},
    {"integrationStatus",
     [](const ApiCall& call) {
       return call.integration_status == 0 ? std::string()
                                           : std::to_string(call.integration_status);
     }},
    {"integration.latency",
     [](const ApiCall& call) {
       return call.integration_ms < 0 ? std::string() : std::to_string(call.integration_ms);
     }},
    {"integrationLatency",
     [](const ApiCall& call) {
       return call.integration_ms < 0 ? std::string() : std::to_string(call.integration_ms);
     }},
};

// Of equal names the last, or all with commas between.
std::optional<std::string> Among(const wire::Parameters& parameters, const MappingEnd& from) {
  std::optional<std::string> found;
  for (const auto& [name, value] : parameters) {
    if (name != from.name) continue;
    found = found && from.multi ? *found + "," + value : value;
  }
  return found;
}

}  // namespace

std::string_view HeaderOf(const ApiCall& call, std::string_view name) {
  const std::string* const found = call.headers.Find(name);
  return found != nullptr ? std::string_view(*found) : std::string_view();
}

std::optional<std::string> ContextValue(const ApiCall& call, std::string_view name) {
  for (const Variable& variable : kVariables) {
    if (variable.name == name) return variable.read(call);
  }
  for (const Variable& variable : kMaybe) {
    if (variable.name != name) continue;
    std::string value = variable.read(call);
    return value.empty() ? std::nullopt : std::optional(std::move(value));
  }
  return std::nullopt;
}

std::string MediaType(std::string_view content_type) {
  const std::string_view type = Trim(content_type.substr(0, content_type.find(';')));
  return type.empty() ? "application/json" : AsciiLower(type);
}

std::optional<std::string> RequestValue(const ApiCall& call, const MappingEnd& from) {
  switch (from.place) {
    case Place::kStatic:
      return from.name;
    case Place::kQuery:
      return Among(call.query, from);
    case Place::kPath:
      return Among(call.path_parameters, from);
    case Place::kHeader: {
      std::optional<std::string> found;
      for (const auto& [name, value] : call.headers) {
        if (!EqualsIgnoreCase(name, from.name)) continue;
        found = found && from.multi ? *found + "," + value : value;
      }
      return found;
    }
    case Place::kContext:
      return ContextValue(call, from.name);
    case Place::kStageVariable: {
      const auto found = call.stage->variables.find(from.name);
      if (found == call.stage->variables.end()) return std::nullopt;
      return found->second;
    }
    case Place::kBody: {
      if (from.name.empty()) return call.body;
      const auto path = json::JsonPath::Parse(from.name);
      const auto document = json::Parse(call.body);
      if (!path || !document) return std::nullopt;
      const auto found = path->Get(*document);
      if (!found || !*found) return std::nullopt;
      return (*found)->as_string() ? *(*found)->as_string() : json::Write(**found);
    }
  }
  return std::nullopt;
}

std::string CommonLogTime(Time time) {
  const std::time_t seconds = EpochMillis(time) / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::snprintf(text.data(), text.size(), "%02d/%s/%04d:%02d:%02d:%02d +0000", parts.tm_mday,
                kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
  return text.data();
}

}  // namespace usher::apigateway
