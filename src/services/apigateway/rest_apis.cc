// Operations CreateRestApi, GetRestApi, GetRestApis, UpdateRestApi, DeleteRestApi.
// Errors: not found; invalid input; limit exceeded.
#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kIdLength = 10;
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxTags = 50;

constexpr PatchRule kRules[] = {
    {"/name"},
    {"/description"},
    {"/version"},
    {"/policy"},
    {"/apiKeySource"},
    {"/disableExecuteApiEndpoint", PatchKind::kFlag},
    {"/minimumCompressionSize", PatchKind::kInteger},
    {"/binaryMediaTypes/*", PatchKind::kItem},
    {"/endpointConfiguration/types/*", PatchKind::kItem},
    {"/endpointConfiguration/ipAddressType"},
};

// Every API has these two.
constexpr std::string_view kEmptySchema =
    "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty "
    "Schema\",\n  \"type\" : \"object\"\n}";
constexpr std::string_view kErrorSchema =
    "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error "
    "Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : "
    "\"string\" }\n  }\n}";

Result<void> Check(const api::RestApi& rest) {
  const std::string name = rest.name.value_or("");
  if (name.empty() || name.size() > kMaxNameBytes) {
    return InvalidInput("The name of an API has 1 to " + std::to_string(kMaxNameBytes) +
                        " characters");
  }
  if (rest.minimum_compression_size &&
      (*rest.minimum_compression_size < 0 || *rest.minimum_compression_size > 10485760)) {
    return InvalidInput("Invalid minimum compression size, must be between 0 and 10485760");
  }
  if (rest.api_key_source == "AUTHORIZER") {
    return InvalidInput("API keys from authorizers are not supported by Usher; HEADER is");
  }
  if (rest.tags && rest.tags->size() > kMaxTags) {
    return InvalidInput("an API has at most " + std::to_string(kMaxTags) + " tags");
  }
  return {};
}

}  // namespace

Result<api::RestApi> CreateRestApi(const api::CreateRestApiRequest& request, Service& service,
                                   wire::CallContext& context) {
  Api made;
  if (request.clone_from) {
    auto original = service.catalog.FindApi(*request.clone_from);
    if (!original) return original.error();
    made = *std::move(original);
  } else {
    made.rest.root_resource_id = NewId(kIdLength);
    made.resources.push_back({.id = made.rest.root_resource_id, .path = "/"});
    made.models.push_back({.id = NewId(6),
                           .name = "Empty",
                           .description = "This is a default empty schema model",
                           .schema = std::string(kEmptySchema),
                           .content_type = "application/json"});
    made.models.push_back({.id = NewId(6),
                           .name = "Error",
                           .description = "This is a default error schema model",
                           .schema = std::string(kErrorSchema),
                           .content_type = "application/json"});
  }
  made.id = NewId(kIdLength);
  made.region = context.region;
  made.rest.id = made.id;
  made.rest.name = request.name;
  made.rest.created_date = service.clock.Now();
  if (request.description) made.rest.description = request.description;
  if (request.version) made.rest.version = request.version;
  if (request.binary_media_types) made.rest.binary_media_types = request.binary_media_types;
  if (request.minimum_compression_size) {
    made.rest.minimum_compression_size = request.minimum_compression_size;
  }
  if (request.policy) made.rest.policy = request.policy;
  if (request.tags) made.rest.tags = request.tags;
  made.rest.api_key_source = request.api_key_source.value_or("HEADER");
  made.rest.disable_execute_api_endpoint = request.disable_execute_api_endpoint.value_or(false);
  made.rest.endpoint_configuration = request.endpoint_configuration.value_or(
      api::EndpointConfiguration{.types = std::vector<std::string>{"EDGE"}});
  if (const auto checked = Check(made.rest); !checked) return checked.error();
  if (const auto added = service.catalog.AddApi(made); !added) return added.error();
  return made.rest;
}

Result<api::RestApi> GetRestApi(const api::GetRestApiRequest& request, Service& service,
                                wire::CallContext& /*context*/) {
  auto found = service.catalog.FindApi(request.rest_api_id);
  if (!found) return found.error();
  return std::move(found->rest);
}

Result<api::RestApis> GetRestApis(const api::GetRestApisRequest& request, Service& service,
                                  wire::CallContext& context) {
  auto page = service.catalog.ListApis(context.region, request.position, request.limit);
  if (!page) return page.error();
  return api::RestApis{.position = page->position, .items = std::move(page->items)};
}

Result<api::RestApi> UpdateRestApi(const api::UpdateRestApiRequest& request, Service& service,
                                   wire::CallContext& /*context*/) {
  api::RestApi after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    auto patched = Patched(api.rest, request.patch_operations, kRules);
    if (!patched) return patched.error();
    if (auto checked = Check(*patched); !checked) return checked;
    after = api.rest = *std::move(patched);
    return {};
  });
  if (!done) return done.error();
  service.stages.Forget(request.rest_api_id);
  return after;
}

Result<api::DeleteRestApiResponse> DeleteRestApi(const api::DeleteRestApiRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto deleted = service.catalog.DeleteApi(request.rest_api_id);
  if (!deleted) return deleted.error();
  service.stages.Forget(request.rest_api_id);
  return api::DeleteRestApiResponse{};
}

}  // namespace usher::apigateway
