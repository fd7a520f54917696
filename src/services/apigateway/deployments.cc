// Operations CreateDeployment, GetDeployment, GetDeployments, UpdateDeployment, DeleteDeployment.
// Errors: not found; invalid input; limit exceeded.
#include <algorithm>

#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"
#include "services/apigateway/stage_rules.h"

namespace usher::apigateway {
namespace {

constexpr PatchRule kRules[] = {{"/description"}};

using Summary = std::map<std::string, std::map<std::string, api::MethodSnapshot>>;

Result<Summary> Summarize(const Api& api) {
  Summary summary;
  for (const api::Resource& resource : api.resources) {
    if (!resource.resource_methods) continue;
    for (const auto& [verb, method] : *resource.resource_methods) {
      if (!method.method_integration) {
        return InvalidInput("No integration defined for method " + verb + " " +
                            resource.path.value_or(""));
      }
      summary[resource.path.value_or("")][verb] = {
          .authorization_type = method.authorization_type,
          .api_key_required = method.api_key_required.value_or(false)};
    }
  }
  if (summary.empty()) return InvalidInput("The REST API doesn't contain any methods");
  return summary;
}

api::Deployment Shown(api::Deployment deployment,
                      const std::optional<std::vector<std::string>>& embed) {
  const bool whole =
      embed && std::ranges::find(*embed, std::string_view("apisummary")) != embed->end();
  if (!whole) deployment.api_summary.reset();
  return deployment;
}

}  // namespace

// The API as it is now, for stages to serve. With a stage's name, that stage serves it at once.
Result<api::Deployment> CreateDeployment(const api::CreateDeploymentRequest& request,
                                         Service& service, wire::CallContext& /*context*/) {
  if (request.canary_settings) {
    return InvalidInput("Canary deployments are not supported by Usher");
  }
  api::Deployment made{
      .id = NewId(6), .description = request.description, .created_date = service.clock.Now()};
  std::optional<api::Stage> stage;
  if (request.stage_name) {
    stage = api::Stage{.deployment_id = made.id,
                       .stage_name = request.stage_name,
                       .description = request.stage_description,
                       .cache_cluster_enabled = false,
                       .cache_cluster_status = "NOT_AVAILABLE",
                       .method_settings = std::map<std::string, api::MethodSetting>(),
                       .variables = request.variables,
                       .tracing_enabled = request.tracing_enabled.value_or(false),
                       .created_date = made.created_date,
                       .last_updated_date = made.created_date};
    if (request.cache_cluster_enabled.value_or(false)) return NoCache();
    if (const auto checked = CheckStage(*stage); !checked) return checked.error();
  }
  // The summary has to be a part of the document, and comes from the API that is read with it.
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  auto summary = Summarize(*api);
  if (!summary) return summary.error();
  made.api_summary = *std::move(summary);
  const auto done = service.catalog.AddDeployment(
      request.rest_api_id, made,
      [](const Api& current) -> Result<void> {
        const auto checked = Summarize(current);
        return checked ? Result<void>() : checked.error();
      },
      stage,
      [&](api::Stage& there) {
        there.deployment_id = made.id;
        there.last_updated_date = made.created_date;
        if (request.stage_description) there.description = request.stage_description;
        if (request.variables) there.variables = request.variables;
        if (request.tracing_enabled) there.tracing_enabled = request.tracing_enabled;
      });
  if (!done) return done.error();
  service.stages.Forget(request.rest_api_id);
  return Shown(std::move(made), std::nullopt);
}

Result<api::Deployment> GetDeployment(const api::GetDeploymentRequest& request, Service& service,
                                      wire::CallContext& /*context*/) {
  if (const auto api = service.catalog.FindApi(request.rest_api_id); !api) return api.error();
  auto found = service.catalog.FindDeployment(request.rest_api_id, request.deployment_id);
  if (!found) return found.error();
  return Shown(*std::move(found), request.embed);
}

Result<api::Deployments> GetDeployments(const api::GetDeploymentsRequest& request, Service& service,
                                        wire::CallContext& /*context*/) {
  if (const auto api = service.catalog.FindApi(request.rest_api_id); !api) return api.error();
  auto page = service.catalog.ListDeployments(request.rest_api_id, request.position, request.limit);
  if (!page) return page.error();
  for (api::Deployment& one : page->items) one.api_summary.reset();
  return api::Deployments{.position = page->position, .items = std::move(page->items)};
}

Result<api::Deployment> UpdateDeployment(const api::UpdateDeploymentRequest& request,
                                         Service& service, wire::CallContext& /*context*/) {
  auto after = service.catalog.ModifyDeployment(
      request.rest_api_id, request.deployment_id, [&](api::Deployment& one) -> Result<void> {
        auto patched = Patched(one, request.patch_operations, kRules);
        if (!patched) return patched.error();
        one = *std::move(patched);
        return {};
      });
  if (!after) return after.error();
  return Shown(*std::move(after), std::nullopt);
}

Result<api::DeleteDeploymentResponse> DeleteDeployment(const api::DeleteDeploymentRequest& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  const auto deleted = service.catalog.DeleteDeployment(request.rest_api_id, request.deployment_id);
  if (!deleted) return deleted.error();
  return api::DeleteDeploymentResponse{};
}

}  // namespace usher::apigateway
