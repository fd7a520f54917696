#include "services/apigateway/validate_call.h"

#include <algorithm>

#include "json/json.h"

namespace usher::apigateway {
namespace {

std::optional<Failure> CheckParameters(const ApiCall& call) {
  std::string missing;
  for (const MappingEnd& one : call.method->required) {
    const auto value = RequestValue(call, one);
    if (!value || value->empty()) missing += (missing.empty() ? "" : ", ") + one.name;
  }
  if (missing.empty()) return std::nullopt;
  return Failure{
      .type = "BAD_REQUEST_PARAMETERS",
      .status = 400,
      .message = "Missing required request parameters: [" + missing + "]",
      .log = "Request failed validation: Missing required request parameters: [" + missing + "]",
      .reason = {},
      .error = {}};
}

std::optional<Failure> CheckBody(ApiCall& call) {
  const std::string type = MediaType(HeaderOf(call, "Content-Type"));
  const auto& models = call.method->models;
  const auto model =
      std::ranges::find_if(models, [&](const auto& one) { return one.first == type; });
  if (model == models.end()) return std::nullopt;
  if (!model->second) {
    return ConfigurationError("the model for " + type + " cannot be used",
                              "the model for " + type + ": " + model->second.error().message);
  }
  const auto refuse = [&](const std::string& why) {
    call.validation_error = "[" + why + "]";
    return Failure{.type = "BAD_REQUEST_BODY",
                   .status = 400,
                   .message = "Invalid request body",
                   .log = "Request body does not match model schema for content type " + type +
                          ": [" + why + "]",
                   .reason = {},
                   .error = {}};
  };
  const auto document = json::Parse(call.body);
  if (!document) return refuse("the body is not JSON: " + document.error().message);
  const auto checked = model->second->Check(*document);
  if (!checked) return refuse(checked.error().message);
  return std::nullopt;
}

}  // namespace

std::optional<Failure> ValidateCall(ApiCall& call) {
  if (call.method->check_parameters) {
    if (auto failure = CheckParameters(call)) return failure;
  }
  return call.method->check_body ? CheckBody(call) : std::nullopt;
}

}  // namespace usher::apigateway
