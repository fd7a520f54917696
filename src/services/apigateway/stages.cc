// Operations CreateStage, GetStage, GetStages, UpdateStage, DeleteStage.
// Errors: not found; invalid input; already exists; limit exceeded.
#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"
#include "services/apigateway/stage_rules.h"

namespace usher::apigateway {

Result<api::Stage> CreateStage(const api::CreateStageRequest& request, Service& service,
                               wire::CallContext& /*context*/) {
  const Time now = service.clock.Now();
  const api::Stage made{.deployment_id = request.deployment_id,
                        .stage_name = request.stage_name,
                        .description = request.description,
                        .cache_cluster_enabled = request.cache_cluster_enabled.value_or(false),
                        .cache_cluster_size = request.cache_cluster_size,
                        .cache_cluster_status = "NOT_AVAILABLE",
                        .method_settings = std::map<std::string, api::MethodSetting>(),
                        .variables = request.variables,
                        .documentation_version = request.documentation_version,
                        .canary_settings = request.canary_settings,
                        .tracing_enabled = request.tracing_enabled.value_or(false),
                        .tags = request.tags,
                        .created_date = now,
                        .last_updated_date = now};
  if (const auto checked = CheckStage(made); !checked) return checked.error();
  if (const auto added = service.catalog.AddStage(request.rest_api_id, made); !added) {
    return added.error();
  }
  service.stages.Forget(request.rest_api_id);
  return made;
}

Result<api::Stage> GetStage(const api::GetStageRequest& request, Service& service,
                            wire::CallContext& /*context*/) {
  return service.catalog.FindStage(request.rest_api_id, request.stage_name);
}

Result<api::Stages> GetStages(const api::GetStagesRequest& request, Service& service,
                              wire::CallContext& /*context*/) {
  if (const auto api = service.catalog.FindApi(request.rest_api_id); !api) return api.error();
  auto stages = service.catalog.ListStages(request.rest_api_id);
  if (!stages) return stages.error();
  if (request.deployment_id) {
    std::erase_if(*stages, [&](const api::Stage& one) {
      return one.deployment_id != *request.deployment_id;
    });
  }
  return api::Stages{.item = *std::move(stages)};
}

// Acts at once, without a deployment.
Result<api::Stage> UpdateStage(const api::UpdateStageRequest& request, Service& service,
                               wire::CallContext& /*context*/) {
  if (request.patch_operations && request.patch_operations->size() > kMaxPatchOperations) {
    return InvalidInput("a request has at most " + std::to_string(kMaxPatchOperations) +
                        " patch operations");
  }
  auto after = service.catalog.ModifyStage(
      request.rest_api_id, request.stage_name, [&](api::Stage& stage) -> Result<void> {
        const auto deployment = stage.deployment_id;
        if (request.patch_operations) {
          for (const api::PatchOperation& operation : *request.patch_operations) {
            if (auto patched = PatchStage(stage, operation); !patched) return patched;
          }
        }
        if (auto checked = CheckStage(stage); !checked) return checked;
        if (stage.deployment_id != deployment) {
          const auto found =
              service.catalog.FindDeployment(request.rest_api_id, stage.deployment_id.value_or(""));
          if (!found) return found.error();
        }
        stage.last_updated_date = service.clock.Now();
        return {};
      });
  if (!after) return after.error();
  service.stages.Forget(request.rest_api_id);
  return after;
}

Result<api::DeleteStageResponse> DeleteStage(const api::DeleteStageRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto deleted = service.catalog.DeleteStage(request.rest_api_id, request.stage_name);
  if (!deleted) return deleted.error();
  service.stages.Forget(request.rest_api_id);
  return api::DeleteStageResponse{};
}

}  // namespace usher::apigateway
