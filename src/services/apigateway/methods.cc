// Operations PutMethod, GetMethod, UpdateMethod, DeleteMethod and those of method responses.
// Errors: not found; invalid input; already exists.
#include <algorithm>
#include <array>

#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::array<std::string_view, 8> kMethods{"DELETE", "GET",  "HEAD", "OPTIONS",
                                                   "PATCH",  "POST", "PUT",  "ANY"};
constexpr std::size_t kMaxParameters = 100;
constexpr std::size_t kMaxNameBytes = 1024;

constexpr PatchRule kMethodRules[] = {
    {"/authorizationType"},
    {"/authorizerId"},
    {"/apiKeyRequired", PatchKind::kFlag},
    {"/operationName"},
    {"/requestValidatorId"},
    {"/requestParameters/*", PatchKind::kFlag},
    {"/requestModels/*"},
    {"/authorizationScopes/*", PatchKind::kItem},
};
constexpr PatchRule kResponseRules[] = {
    {"/responseParameters/*", PatchKind::kFlag},
    {"/responseModels/*"},
};

Result<void> CheckVerb(std::string_view verb) {
  if (std::ranges::find(kMethods, verb) != kMethods.end()) return {};
  return InvalidInput(
      "Invalid HttpMethod specified. Valid options are: "
      "GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY");
}

Result<void> CheckParameters(const std::optional<std::map<std::string, bool>>& parameters,
                             std::initializer_list<std::string_view> prefixes) {
  if (!parameters) return {};
  if (parameters->size() > kMaxParameters) {
    return InvalidInput("a method has at most " + std::to_string(kMaxParameters) + " parameters");
  }
  for (const auto& [name, required] : *parameters) {
    const bool known = std::ranges::any_of(prefixes, [&](std::string_view prefix) {
      return name.starts_with(prefix) && name.size() > prefix.size();
    });
    if (!known || name.size() > kMaxNameBytes) {
      std::string expected;
      for (const std::string_view prefix : prefixes) {
        expected += (expected.empty() ? "" : ", ") + std::string(prefix) + "NAME";
      }
      return InvalidInput("Invalid mapping expression specified: Validation Result: parameter '" +
                          name.substr(0, 200) + "' must be one of: " + expected);
    }
  }
  return {};
}

Result<void> CheckModels(const Api& api,
                         const std::optional<std::map<std::string, std::string>>& models) {
  if (!models) return {};
  for (const auto& [type, name] : *models) {
    const bool there = std::ranges::any_of(
        api.models, [&](const api::Model& model) { return model.name == name; });
    if (!there) return NoSuchModel(name);
  }
  return {};
}

Result<void> Check(const Api& api, const api::Method& method) {
  const std::string authorization = method.authorization_type.value_or("");
  if (authorization != "NONE" && authorization != "AWS_IAM") {
    if (authorization == "CUSTOM" || authorization == "COGNITO_USER_POOLS") {
      return InvalidInput("Authorizers (authorizationType " + authorization +
                          ") are not supported by Usher; NONE and AWS_IAM are");
    }
    return InvalidInput("Invalid authorization type specified: '" + authorization.substr(0, 100) +
                        "'. Valid options are: [NONE, AWS_IAM]");
  }
  if (auto checked = CheckParameters(
          method.request_parameters,
          {"method.request.querystring.", "method.request.path.", "method.request.header.",
           "method.request.multivaluequerystring.", "method.request.multivalueheader."});
      !checked) {
    return checked;
  }
  if (const auto& id = method.request_validator_id; id && !id->empty()) {
    const bool there = std::ranges::any_of(
        api.validators, [&](const api::RequestValidator& one) { return one.id == *id; });
    if (!there) return NoSuchValidator();
  }
  return CheckModels(api, method.request_models);
}

Result<void> Check(const Api& api, const api::MethodResponse& response) {
  if (auto checked =
          CheckParameters(response.response_parameters,
                          {"method.response.header.", "method.response.multivalueheader."});
      !checked) {
    return checked;
  }
  return CheckModels(api, response.response_models);
}

}  // namespace

Result<api::Method> PutMethod(const api::PutMethodRequest& request, Service& service,
                              wire::CallContext& /*context*/) {
  if (const auto checked = CheckVerb(request.http_method); !checked) return checked.error();
  const api::Method made{.http_method = request.http_method,
                         .authorization_type = request.authorization_type,
                         .authorizer_id = request.authorizer_id,
                         .api_key_required = request.api_key_required.value_or(false),
                         .request_validator_id = request.request_validator_id,
                         .operation_name = request.operation_name,
                         .request_parameters = request.request_parameters,
                         .request_models = request.request_models,
                         .authorization_scopes = request.authorization_scopes};
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    api::Resource* const resource = api.FindResource(request.resource_id);
    if (resource == nullptr) return NoSuchResource();
    if (!resource->resource_methods) resource->resource_methods.emplace();
    if (resource->resource_methods->contains(request.http_method)) {
      return AlreadyExists("Method already exists for this resource");
    }
    if (auto checked = Check(api, made); !checked) return checked;
    resource->resource_methods->emplace(request.http_method, made);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return made;
}

Result<api::Method> GetMethod(const api::GetMethodRequest& request, Service& service,
                              wire::CallContext& /*context*/) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto method = api->FindMethod(request.resource_id, request.http_method);
  if (!method) return method.error();
  return **method;
}

Result<api::Method> UpdateMethod(const api::UpdateMethodRequest& request, Service& service,
                                 wire::CallContext& /*context*/) {
  api::Method after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto method = api.FindMethod(request.resource_id, request.http_method);
    if (!method) return method.error();
    auto patched = Patched(**method, request.patch_operations, kMethodRules);
    if (!patched) return patched.error();
    if (auto checked = Check(api, *patched); !checked) return checked;
    **method = after = *std::move(patched);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteMethodOutput> DeleteMethod(const api::DeleteMethodRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto method = api.FindMethod(request.resource_id, request.http_method);
    if (!method) return method.error();
    api.FindResource(request.resource_id)->resource_methods->erase(request.http_method);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return api::DeleteMethodOutput{};
}

Result<api::MethodResponse> PutMethodResponse(const api::PutMethodResponseRequest& request,
                                              Service& service, wire::CallContext& /*context*/) {
  const api::MethodResponse made{.status_code = request.status_code,
                                 .response_parameters = request.response_parameters,
                                 .response_models = request.response_models};
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto method = api.FindMethod(request.resource_id, request.http_method);
    if (!method) return method.error();
    if (auto checked = Check(api, made); !checked) return checked;
    if (!(*method)->method_responses) (*method)->method_responses.emplace();
    if (!(*method)->method_responses->emplace(request.status_code, made).second) {
      return AlreadyExists("Response already exists for this resource");
    }
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return made;
}

namespace {

// The response of a method. Errors: not found.
Result<api::MethodResponse*> FindResponse(Api& api, std::string_view resource_id,
                                          std::string_view http_method, const std::string& status) {
  const auto method = api.FindMethod(resource_id, http_method);
  if (!method) return method.error();
  if (!(*method)->method_responses) return NoSuchResponse();
  const auto found = (*method)->method_responses->find(status);
  if (found == (*method)->method_responses->end()) return NoSuchResponse();
  return &found->second;
}

}  // namespace

Result<api::MethodResponse> GetMethodResponse(const api::GetMethodResponseRequest& request,
                                              Service& service, wire::CallContext& /*context*/) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto found =
      FindResponse(*api, request.resource_id, request.http_method, request.status_code);
  if (!found) return found.error();
  return **found;
}

Result<api::MethodResponse> UpdateMethodResponse(const api::UpdateMethodResponseRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  api::MethodResponse after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found =
        FindResponse(api, request.resource_id, request.http_method, request.status_code);
    if (!found) return found.error();
    auto patched = Patched(**found, request.patch_operations, kResponseRules);
    if (!patched) return patched.error();
    if (auto checked = Check(api, *patched); !checked) return checked;
    **found = after = *std::move(patched);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteMethodResponseResponse> DeleteMethodResponse(
    const api::DeleteMethodResponseRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const auto found =
        FindResponse(api, request.resource_id, request.http_method, request.status_code);
    if (!found) return found.error();
    const auto method = api.FindMethod(request.resource_id, request.http_method);
    (*method)->method_responses->erase(request.status_code);
    api.Touch(request.resource_id, request.http_method, service.clock.Now());
    return {};
  });
  if (!done) return done.error();
  return api::DeleteMethodResponseResponse{};
}

}  // namespace usher::apigateway
