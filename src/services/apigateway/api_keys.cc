// Operations CreateApiKey, GetApiKey, GetApiKeys, UpdateApiKey, DeleteApiKey.
// Errors: not found; invalid input; already exists.
#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kValueLength = 40;
constexpr std::size_t kMinValueBytes = 20;
constexpr std::size_t kMaxValueBytes = 128;

constexpr PatchRule kRules[] = {
    {"/name"},
    {"/description"},
    {"/customerId"},
    {"/enabled", PatchKind::kFlag},
};

api::ApiKey Shown(api::ApiKey key, bool with_value) {
  if (!with_value) key.value.reset();
  return key;
}

}  // namespace

Result<api::ApiKey> CreateApiKey(const api::CreateApiKeyRequest& request, Service& service,
                                 wire::CallContext& context) {
  const std::string value = request.value.value_or(NewId(kValueLength));
  if (value.size() < kMinValueBytes || value.size() > kMaxValueBytes) {
    return InvalidInput("An API key's value has 20 to 128 characters, got " +
                        std::to_string(value.size()));
  }
  if (request.stage_keys && !request.stage_keys->empty()) {
    return InvalidInput(
        "stageKeys are not supported by Usher (nor by newer usage plans): put the "
        "key into a usage plan that includes the stage");
  }
  const Time now = service.clock.Now();
  const api::ApiKey made{.id = NewId(10),
                         .value = value,
                         .name = request.name.value_or(""),
                         .customer_id = request.customer_id,
                         .description = request.description,
                         .enabled = request.enabled.value_or(false),
                         .created_date = now,
                         .last_updated_date = now,
                         .stage_keys = std::vector<std::string>(),
                         .tags = request.tags};
  if (const auto added = service.catalog.AddKey(made, context.region); !added) {
    return added.error();
  }
  service.keys.Forget();
  return made;
}

Result<api::ApiKey> GetApiKey(const api::GetApiKeyRequest& request, Service& service,
                              wire::CallContext& /*context*/) {
  auto key = service.catalog.FindKey(request.api_key);
  if (!key) return key.error();
  return Shown(*std::move(key), request.include_value.value_or(false));
}

Result<api::ApiKeys> GetApiKeys(const api::GetApiKeysRequest& request, Service& service,
                                wire::CallContext& context) {
  auto page = service.catalog.ListKeys(context.region, request.position, request.limit);
  if (!page) return page.error();
  api::ApiKeys out{.position = page->position, .items = std::vector<api::ApiKey>()};
  for (api::ApiKey& key : page->items) {
    if (request.name_query && !key.name.value_or("").starts_with(*request.name_query)) continue;
    if (request.customer_id && key.customer_id != request.customer_id) continue;
    out.items->push_back(Shown(std::move(key), request.include_values.value_or(false)));
  }
  return out;
}

Result<api::ApiKey> UpdateApiKey(const api::UpdateApiKeyRequest& request, Service& service,
                                 wire::CallContext& /*context*/) {
  auto after = service.catalog.ModifyKey(request.api_key, [&](api::ApiKey& key) -> Result<void> {
    auto patched = Patched(key, request.patch_operations, kRules);
    if (!patched) return patched.error();
    key = *std::move(patched);
    key.last_updated_date = service.clock.Now();
    return {};
  });
  if (!after) return after.error();
  service.keys.Forget();
  return Shown(*std::move(after), false);
}

Result<api::DeleteApiKeyResponse> DeleteApiKey(const api::DeleteApiKeyRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto deleted = service.catalog.DeleteKey(request.api_key);
  service.keys.Forget();
  if (!deleted) return deleted.error();
  return api::DeleteApiKeyResponse{};
}

}  // namespace usher::apigateway
