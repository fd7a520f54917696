// Operations CreateModel, GetModel, GetModels, UpdateModel, DeleteModel and those of request
// validators. Errors: not found; invalid input; already exists; in use; limit exceeded.
#include <algorithm>

#include "services/apigateway/errors.h"
#include "services/apigateway/json_schema.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxSchemaBytes = 400U << 10;

constexpr PatchRule kModelRules[] = {{"/schema"}, {"/description"}};
constexpr PatchRule kValidatorRules[] = {
    {"/name"},
    {"/validateRequestBody", PatchKind::kFlag},
    {"/validateRequestParameters", PatchKind::kFlag},
};

bool IsModelName(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

// What a schema says that is not built is refused here, not when a request comes.
Result<void> CheckSchema(const std::string& schema) {
  if (schema.size() > kMaxSchemaBytes) {
    return InvalidInput("a model's schema has at most " + std::to_string(kMaxSchemaBytes) +
                        " bytes");
  }
  const auto compiled = JsonSchema::Compile(schema, [](std::string_view) -> Result<std::string> {
    return std::string("{}");  // models may refer to models that come later
  });
  if (compiled) return {};
  return InvalidInput("Invalid model schema specified. Validation Result: " +
                      compiled.error().message);
}

api::Model* FindModelIn(Api& api, std::string_view name) {
  const auto found =
      std::ranges::find_if(api.models, [&](const api::Model& one) { return one.name == name; });
  return found == api.models.end() ? nullptr : &*found;
}

api::RequestValidator* FindValidatorIn(Api& api, std::string_view id) {
  const auto found = std::ranges::find_if(
      api.validators, [&](const api::RequestValidator& one) { return one.id == id; });
  return found == api.validators.end() ? nullptr : &*found;
}

bool UsesModel(const api::Method& method, std::string_view name) {
  const auto among = [&](const std::optional<std::map<std::string, std::string>>& models) {
    return models && std::ranges::any_of(*models, [&](const auto& e) { return e.second == name; });
  };
  if (among(method.request_models)) return true;
  return method.method_responses &&
         std::ranges::any_of(*method.method_responses, [&](const auto& entry) {
           return among(entry.second.response_models);
         });
}

// "GET /path" of the first method for which `uses` holds; empty when there is none.
template <typename F>
std::string FirstUser(const Api& api, F uses) {
  for (const api::Resource& resource : api.resources) {
    if (!resource.resource_methods) continue;
    for (const auto& [verb, method] : *resource.resource_methods) {
      if (uses(method)) return verb + " " + resource.path.value_or("");
    }
  }
  return {};
}

}  // namespace

Result<api::Model> CreateModel(const api::CreateModelRequest& request, Service& service,
                               wire::CallContext& /*context*/) {
  if (!IsModelName(request.name)) {
    return InvalidInput("Model name must be alphanumeric: " + request.name.substr(0, 100));
  }
  const api::Model made{.id = NewId(6),
                        .name = request.name,
                        .description = request.description,
                        .schema = request.schema.value_or("{}"),
                        .content_type = request.content_type};
  if (const auto checked = CheckSchema(*made.schema); !checked) return checked.error();
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    if (FindModelIn(api, request.name) != nullptr) {
      return AlreadyExists("Model name already exists for this REST API");
    }
    if (api.models.size() >= kMaxModels) {
      return LimitExceeded("an API has at most " + std::to_string(kMaxModels) + " models");
    }
    api.models.push_back(made);
    return {};
  });
  if (!done) return done.error();
  return made;
}

// The schema is given back as it was set; with `flatten`, models that it refers to are not put in.
Result<api::Model> GetModel(const api::GetModelRequest& request, Service& service,
                            wire::CallContext& /*context*/) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const api::Model* const model = FindModelIn(*api, request.model_name);
  if (model == nullptr) return NoSuchModel(request.model_name);
  return *model;
}

Result<api::Models> GetModels(const api::GetModelsRequest& request, Service& service,
                              wire::CallContext& /*context*/) {
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto slice = SliceOf(api->models.size(), request.position, request.limit);
  if (!slice) return slice.error();
  return api::Models{.position = slice->position,
                     .items = std::vector<api::Model>(
                         api->models.begin() + static_cast<std::ptrdiff_t>(slice->first),
                         api->models.begin() + static_cast<std::ptrdiff_t>(slice->last))};
}

Result<api::Model> UpdateModel(const api::UpdateModelRequest& request, Service& service,
                               wire::CallContext& /*context*/) {
  api::Model after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    api::Model* const model = FindModelIn(api, request.model_name);
    if (model == nullptr) return NoSuchModel(request.model_name);
    auto patched = Patched(*model, request.patch_operations, kModelRules);
    if (!patched) return patched.error();
    if (auto checked = CheckSchema(patched->schema.value_or("{}")); !checked) return checked;
    *model = after = *std::move(patched);
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteModelResponse> DeleteModel(const api::DeleteModelRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    if (FindModelIn(api, request.model_name) == nullptr) return NoSuchModel(request.model_name);
    const std::string user = FirstUser(
        api, [&](const api::Method& method) { return UsesModel(method, request.model_name); });
    if (!user.empty()) {
      return InUse("Cannot delete model '" + request.model_name +
                   "', is referenced in method: " + user);
    }
    std::erase_if(api.models,
                  [&](const api::Model& one) { return one.name == request.model_name; });
    return {};
  });
  if (!done) return done.error();
  return api::DeleteModelResponse{};
}

Result<api::RequestValidator> CreateRequestValidator(
    const api::CreateRequestValidatorRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const api::RequestValidator made{
      .id = NewId(6),
      .name = request.name,
      .validate_request_body = request.validate_request_body.value_or(false),
      .validate_request_parameters = request.validate_request_parameters.value_or(false)};
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    if (api.validators.size() >= kMaxValidators) {
      return LimitExceeded("an API has at most " + std::to_string(kMaxValidators) +
                           " request validators");
    }
    api.validators.push_back(made);
    return {};
  });
  if (!done) return done.error();
  return made;
}

Result<api::RequestValidator> GetRequestValidator(const api::GetRequestValidatorRequest& request,
                                                  Service& service,
                                                  wire::CallContext& /*context*/) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto* const found = FindValidatorIn(*api, request.request_validator_id);
  if (found == nullptr) return NoSuchValidator();
  return *found;
}

Result<api::RequestValidators> GetRequestValidators(const api::GetRequestValidatorsRequest& request,
                                                    Service& service,
                                                    wire::CallContext& /*context*/) {
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto slice = SliceOf(api->validators.size(), request.position, request.limit);
  if (!slice) return slice.error();
  return api::RequestValidators{
      .position = slice->position,
      .items = std::vector<api::RequestValidator>(
          api->validators.begin() + static_cast<std::ptrdiff_t>(slice->first),
          api->validators.begin() + static_cast<std::ptrdiff_t>(slice->last))};
}

Result<api::RequestValidator> UpdateRequestValidator(
    const api::UpdateRequestValidatorRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  api::RequestValidator after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    api::RequestValidator* const found = FindValidatorIn(api, request.request_validator_id);
    if (found == nullptr) return NoSuchValidator();
    auto patched = Patched(*found, request.patch_operations, kValidatorRules);
    if (!patched) return patched.error();
    *found = after = *std::move(patched);
    return {};
  });
  if (!done) return done.error();
  return after;
}

Result<api::DeleteRequestValidatorResponse> DeleteRequestValidator(
    const api::DeleteRequestValidatorRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    if (FindValidatorIn(api, request.request_validator_id) == nullptr) return NoSuchValidator();
    const std::string user = FirstUser(api, [&](const api::Method& method) {
      return method.request_validator_id == request.request_validator_id;
    });
    if (!user.empty()) {
      return InUse("Cannot delete request validator, is referenced in method: " + user);
    }
    std::erase_if(api.validators, [&](const api::RequestValidator& one) {
      return one.id == request.request_validator_id;
    });
    return {};
  });
  if (!done) return done.error();
  return api::DeleteRequestValidatorResponse{};
}

}  // namespace usher::apigateway
