// Operations PutGatewayResponse, GetGatewayResponse, GetGatewayResponses, UpdateGatewayResponse,
// DeleteGatewayResponse. Errors: not found; invalid input.
#include <algorithm>
#include <array>

#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr PatchRule kRules[] = {
    {"/statusCode"},
    {"/responseParameters/*"},
    {"/responseTemplates/*"},
};
constexpr std::string_view kDefaultTemplate = R"({"message":$context.error.messageString})";

struct Usual {
  std::string_view type;
  std::string_view status;  // empty: that of the error
};

constexpr std::array kUsual{
    Usual{"ACCESS_DENIED", "403"},
    Usual{"API_CONFIGURATION_ERROR", "500"},
    Usual{"AUTHORIZER_CONFIGURATION_ERROR", "500"},
    Usual{"AUTHORIZER_FAILURE", "500"},
    Usual{"BAD_REQUEST_BODY", "400"},
    Usual{"BAD_REQUEST_PARAMETERS", "400"},
    Usual{"DEFAULT_4XX", ""},
    Usual{"DEFAULT_5XX", ""},
    Usual{"EXPIRED_TOKEN", "403"},
    Usual{"INTEGRATION_FAILURE", "504"},
    Usual{"INTEGRATION_TIMEOUT", "504"},
    Usual{"INVALID_API_KEY", "403"},
    Usual{"INVALID_SIGNATURE", "403"},
    Usual{"MISSING_AUTHENTICATION_TOKEN", "403"},
    Usual{"QUOTA_EXCEEDED", "429"},
    Usual{"REQUEST_TOO_LARGE", "413"},
    Usual{"RESOURCE_NOT_FOUND", "404"},
    Usual{"THROTTLED", "429"},
    Usual{"UNAUTHORIZED", "401"},
    Usual{"UNSUPPORTED_MEDIA_TYPE", "415"},
    Usual{"WAF_FILTERED", "403"},
};

api::GatewayResponse DefaultOf(const Usual& usual) {
  api::GatewayResponse response{
      .response_type = std::string(usual.type),
      .response_parameters = std::map<std::string, std::string>(),
      .response_templates =
          std::map<std::string, std::string>{{"application/json", std::string(kDefaultTemplate)}},
      .default_response = true};
  if (!usual.status.empty()) response.status_code = std::string(usual.status);
  return response;
}

// As it was set, else as it is by itself. Errors: not found.
Result<api::GatewayResponse> Find(const Api& api, std::string_view type) {
  const auto set = std::ranges::find_if(api.gateway_responses,
                                        [&](const auto& one) { return one.response_type == type; });
  if (set != api.gateway_responses.end()) return *set;
  const auto usual = std::ranges::find(kUsual, type, &Usual::type);
  if (usual == kUsual.end()) return NotFound("Invalid gateway response type specified");
  return DefaultOf(*usual);
}

Result<void> Check(const api::GatewayResponse& response) {
  if (!response.response_parameters) return {};
  for (const auto& [to, from] : *response.response_parameters) {
    const bool good = to.starts_with("gatewayresponse.header.") &&
                      ParseMappingEnd(to).has_value() && ParseMappingEnd(from).has_value();
    if (!good) {
      return InvalidInput("Invalid mapping expression specified: '" + to.substr(0, 100) + "': '" +
                          from.substr(0, 100) +
                          "'. A parameter is gatewayresponse.header.NAME, its value 'text', "
                          "method.request.…, context.… or stageVariables.…");
    }
  }
  return {};
}

void Keep(Api& api, const api::GatewayResponse& response) {
  std::erase_if(api.gateway_responses, [&](const api::GatewayResponse& one) {
    return one.response_type == response.response_type;
  });
  api.gateway_responses.push_back(response);
}

}  // namespace

Result<api::GatewayResponse> PutGatewayResponse(const api::PutGatewayResponseRequest& request,
                                                Service& service, wire::CallContext& /*context*/) {
  const api::GatewayResponse made{
      .response_type = request.response_type,
      .status_code = request.status_code,
      .response_parameters =
          request.response_parameters.value_or(std::map<std::string, std::string>()),
      .response_templates =
          request.response_templates.value_or(std::map<std::string, std::string>()),
      .default_response = false};
  if (const auto checked = Check(made); !checked) return checked.error();
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    Keep(api, made);
    return {};
  });
  if (!done) return done.error();
  return made;
}

Result<api::GatewayResponse> GetGatewayResponse(const api::GetGatewayResponseRequest& request,
                                                Service& service, wire::CallContext& /*context*/) {
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  return Find(*api, request.response_type);
}

Result<api::GatewayResponses> GetGatewayResponses(const api::GetGatewayResponsesRequest& request,
                                                  Service& service,
                                                  wire::CallContext& /*context*/) {
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto slice = SliceOf(kUsual.size(), request.position, request.limit);
  if (!slice) return slice.error();
  api::GatewayResponses page{.position = slice->position,
                             .items = std::vector<api::GatewayResponse>()};
  for (std::size_t i = slice->first; i < slice->last; ++i) {
    auto one = Find(*api, kUsual[i].type);
    if (!one) return one.error();
    page.items->push_back(*std::move(one));
  }
  return page;
}

Result<api::GatewayResponse> UpdateGatewayResponse(const api::UpdateGatewayResponseRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  api::GatewayResponse after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto before = Find(api, request.response_type);
    if (!before) return before.error();
    auto patched = Patched(*before, request.patch_operations, kRules);
    if (!patched) return patched.error();
    patched->default_response = false;
    if (auto checked = Check(*patched); !checked) return checked;
    after = *std::move(patched);
    Keep(api, after);
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteGatewayResponseResponse> DeleteGatewayResponse(
    const api::DeleteGatewayResponseRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto erased = std::erase_if(api.gateway_responses, [&](const auto& one) {
      return one.response_type == request.response_type;
    });
    return erased > 0 ? Result<void>() : NotFound("Gateway response type not defined on api");
  });
  if (!done) return done.error();
  return api::DeleteGatewayResponseResponse{};
}

}  // namespace usher::apigateway
