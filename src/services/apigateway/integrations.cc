// Operations PutIntegration, GetIntegration, UpdateIntegration, DeleteIntegration and those of
// integration responses. Errors: not found; invalid input.
#include <algorithm>

#include "outbound/http_client.h"
#include "regex/regex.h"
#include "services/apigateway/errors.h"
#include "services/apigateway/integration_uri.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::int64_t kMinTimeoutMs = 50;
constexpr std::int64_t kMaxTimeoutMs = 29'000;
constexpr std::size_t kMaxTemplateBytes = 300U << 10;
constexpr std::size_t kMaxTemplates = 50;  // of one integration or response
constexpr std::size_t kMaxMappings = 100;

constexpr PatchRule kRules[] = {
    {"/uri"},
    {"/httpMethod"},
    {"/credentials"},
    {"/passthroughBehavior"},
    {"/contentHandling"},
    {"/timeoutInMillis", PatchKind::kInteger},
    {"/requestTemplates/*"},
    {"/requestParameters/*"},
    {"/cacheNamespace"},
    {"/cacheKeyParameters/*", PatchKind::kItem},
    {"/connectionType"},
};
constexpr PatchRule kResponseRules[] = {
    {"/selectionPattern"},
    {"/responseTemplates/*"},
    {"/responseParameters/*"},
    {"/contentHandling"},
};

using Texts = std::optional<std::map<std::string, std::string>>;

Result<void> CheckTemplates(const Texts& templates) {
  if (!templates) return {};
  if (templates->size() > kMaxTemplates) {
    return InvalidInput("there are at most " + std::to_string(kMaxTemplates) + " templates");
  }
  for (const auto& [type, text] : *templates) {
    if (text.size() > kMaxTemplateBytes) {
      return InvalidInput("a mapping template has at most " + std::to_string(kMaxTemplateBytes) +
                          " bytes, that for " + type.substr(0, 100) + " has " +
                          std::to_string(text.size()));
    }
  }
  return {};
}

Error BadMapping(const std::string& text) {
  return InvalidInput("Invalid mapping expression specified: Validation Result: '" +
                      text.substr(0, 200) + "'");
}

bool BeginsWithAny(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool IsStatic(std::string_view text) {
  return text.size() >= 2 && text.starts_with('\'') && text.ends_with('\'');
}

Result<void> CheckRequestMappings(const Texts& mappings) {
  if (!mappings) return {};
  if (mappings->size() > kMaxMappings) {
    return InvalidInput("there are at most " + std::to_string(kMaxMappings) + " mappings");
  }
  for (const auto& [to, from] : *mappings) {
    if (!BeginsWithAny(to, {"integration.request.querystring.", "integration.request.path.",
                            "integration.request.header."})) {
      return BadMapping(to);
    }
    if (!IsStatic(from) &&
        !BeginsWithAny(
            from, {"method.request.querystring.", "method.request.path.", "method.request.header.",
                   "method.request.multivaluequerystring.", "method.request.multivalueheader.",
                   "method.request.body", "context.", "stageVariables."})) {
      return BadMapping(from);
    }
  }
  return {};
}

Result<void> CheckResponseMappings(const Texts& mappings) {
  if (!mappings) return {};
  if (mappings->size() > kMaxMappings) {
    return InvalidInput("there are at most " + std::to_string(kMaxMappings) + " mappings");
  }
  for (const auto& [to, from] : *mappings) {
    if (!BeginsWithAny(to, {"method.response.header.", "method.response.multivalueheader."})) {
      return BadMapping(to);
    }
    if (!IsStatic(from) &&
        !BeginsWithAny(from,
                       {"integration.response.header.", "integration.response.multivalueheader.",
                        "integration.response.body", "context.", "stageVariables."})) {
      return BadMapping(from);
    }
  }
  return {};
}

Result<void> CheckTarget(const api::Integration& integration) {
  const std::string type = integration.type.value_or("");
  const std::string uri = integration.uri.value_or("");
  if (type == "MOCK") return {};
  if (integration.http_method.value_or("").empty()) {
    return InvalidInput("Enumeration value for HttpMethod must be non-empty");
  }
  // A URI that stage variables complete can be read only when a stage serves it.
  if (uri.find("${stageVariables.") != std::string::npos) return {};
  if (type == "AWS" || type == "AWS_PROXY") {
    const auto target = ParseLambdaUri(uri);
    return target ? Result<void>() : target.error();
  }
  std::string filled = uri;  // {name} is filled in for each request
  std::ranges::replace_if(filled, [](char c) { return c == '{' || c == '}' || c == '+'; }, 'x');
  const auto valid = outbound::CheckUrl(filled);
  return valid ? Result<void>()
               : InvalidInput("Invalid HTTP endpoint specified for URI: " + valid.error().message);
}

Result<void> Check(const api::Integration& integration) {
  const std::int64_t timeout = integration.timeout_in_millis.value_or(kMaxTimeoutMs);
  if (timeout < kMinTimeoutMs || timeout > kMaxTimeoutMs) {
    return InvalidInput("Timeout should be between 50 ms and 29000 ms");
  }
  const std::string behavior = integration.passthrough_behavior.value_or("WHEN_NO_MATCH");
  if (behavior != "WHEN_NO_MATCH" && behavior != "WHEN_NO_TEMPLATES" && behavior != "NEVER") {
    return InvalidInput(
        "Invalid passthroughBehavior specified; one of WHEN_NO_MATCH, "
        "WHEN_NO_TEMPLATES, NEVER is accepted");
  }
  if (integration.connection_type == "VPC_LINK") {
    return InvalidInput("VPC links are not supported by Usher; connectionType INTERNET is");
  }
  if (integration.response_transfer_mode.value_or("BUFFERED") != "BUFFERED") {
    return InvalidInput(
        "Responses are not streamed by Usher; responseTransferMode BUFFERED is "
        "supported");
  }
  if (auto checked = CheckTemplates(integration.request_templates); !checked) return checked;
  if (auto checked = CheckRequestMappings(integration.request_parameters); !checked) return checked;
  return CheckTarget(integration);
}

Result<void> Check(const api::IntegrationResponse& response) {
  if (response.selection_pattern && !response.selection_pattern->empty()) {
    const auto pattern = Regex::Compile(*response.selection_pattern);
    if (!pattern) return InvalidInput("Invalid selectionPattern: " + pattern.error().message);
  }
  if (auto checked = CheckTemplates(response.response_templates); !checked) return checked;
  return CheckResponseMappings(response.response_parameters);
}

Result<api::Integration*> Find(Api& api, std::string_view resource_id,
                               std::string_view http_method) {
  const auto method = api.FindMethod(resource_id, http_method);
  if (!method) return method.error();
  if (!(*method)->method_integration) return NoSuchIntegration();
  return &*(*method)->method_integration;
}

Result<api::IntegrationResponse*> FindResponse(Api& api, std::string_view resource_id,
                                               std::string_view http_method,
                                               const std::string& status) {
  const auto integration = Find(api, resource_id, http_method);
  if (!integration) return integration.error();
  if (!(*integration)->integration_responses) return NoSuchResponse();
  const auto found = (*integration)->integration_responses->find(status);
  if (found == (*integration)->integration_responses->end()) return NoSuchResponse();
  return &found->second;
}

}  // namespace

// Replaces the integration that is there, with its responses.
Result<api::Integration> PutIntegration(const api::PutIntegrationRequest& request, Service& service,
                                        wire::CallContext& /*context*/) {
  api::Integration made{
      .type = request.type,
      .http_method = request.integration_http_method,
      .uri = request.uri,
      .connection_type = request.connection_type,
      .credentials = request.credentials,
      .request_parameters = request.request_parameters,
      .request_templates = request.request_templates,
      .passthrough_behavior = request.passthrough_behavior.value_or("WHEN_NO_MATCH"),
      .content_handling = request.content_handling,
      .timeout_in_millis = request.timeout_in_millis.value_or(kMaxTimeoutMs),
      .cache_namespace = request.cache_namespace.value_or(request.resource_id),
      .cache_key_parameters = request.cache_key_parameters.value_or(std::vector<std::string>()),
      .response_transfer_mode = request.response_transfer_mode};
  if (request.tls_config && request.tls_config->insecure_skip_verification.value_or(false)) {
    return InvalidInput(
        "Certificates are always verified by Usher; tlsConfig."
        "insecureSkipVerification must be false");
  }
  if (const auto checked = Check(made); !checked) return checked.error();
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto method = api.FindMethod(request.resource_id, request.http_method);
    if (!method) return method.error();
    (*method)->method_integration = made;
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return made;
}

Result<api::Integration> GetIntegration(const api::GetIntegrationRequest& request, Service& service,
                                        wire::CallContext& /*context*/) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto found = Find(*api, request.resource_id, request.http_method);
  if (!found) return found.error();
  return **found;
}

Result<api::Integration> UpdateIntegration(const api::UpdateIntegrationRequest& request,
                                           Service& service, wire::CallContext& /*context*/) {
  api::Integration after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found = Find(api, request.resource_id, request.http_method);
    if (!found) return found.error();
    auto patched = Patched(**found, request.patch_operations, kRules);
    if (!patched) return patched.error();
    if (auto checked = Check(*patched); !checked) return checked;
    **found = after = *std::move(patched);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteIntegrationOutput> DeleteIntegration(const api::DeleteIntegrationRequest& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found = Find(api, request.resource_id, request.http_method);
    if (!found) return found.error();
    (*api.FindMethod(request.resource_id, request.http_method))->method_integration.reset();
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return api::DeleteIntegrationOutput{};
}

Result<api::IntegrationResponse> PutIntegrationResponse(
    const api::PutIntegrationResponseRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const api::IntegrationResponse made{.status_code = request.status_code,
                                      .selection_pattern = request.selection_pattern,
                                      .response_parameters = request.response_parameters,
                                      .response_templates = request.response_templates,
                                      .content_handling = request.content_handling};
  if (const auto checked = Check(made); !checked) return checked.error();
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found = Find(api, request.resource_id, request.http_method);
    if (!found) return found.error();
    if (!(*found)->integration_responses) (*found)->integration_responses.emplace();
    (*found)->integration_responses->insert_or_assign(request.status_code, made);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return made;
}

Result<api::IntegrationResponse> GetIntegrationResponse(
    const api::GetIntegrationResponseRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto found =
      FindResponse(*api, request.resource_id, request.http_method, request.status_code);
  if (!found) return found.error();
  return **found;
}

Result<api::IntegrationResponse> UpdateIntegrationResponse(
    const api::UpdateIntegrationResponseRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  api::IntegrationResponse after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found =
        FindResponse(api, request.resource_id, request.http_method, request.status_code);
    if (!found) return found.error();
    auto patched = Patched(**found, request.patch_operations, kResponseRules);
    if (!patched) return patched.error();
    if (auto checked = Check(*patched); !checked) return checked;
    **found = after = *std::move(patched);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteIntegrationResponseResponse> DeleteIntegrationResponse(
    const api::DeleteIntegrationResponseRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found =
        FindResponse(api, request.resource_id, request.http_method, request.status_code);
    if (!found) return found.error();
    (*Find(api, request.resource_id, request.http_method))
        ->integration_responses->erase(request.status_code);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return api::DeleteIntegrationResponseResponse{};
}

}  // namespace usher::apigateway
