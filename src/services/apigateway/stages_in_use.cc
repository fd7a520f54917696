#include "services/apigateway/stages_in_use.h"

#include <mutex>

namespace usher::apigateway {

Result<std::shared_ptr<const StageSnapshot>> StagesInUse::Find(std::string_view api_id,
                                                               std::string_view stage) {
  const Key key{std::string(api_id), std::string(stage)};
  std::uint64_t before = 0;
  {
    const std::shared_lock lock(mutex_);
    const auto found = stages_.find(key);
    if (found != stages_.end()) return found->second;
    before = changes_;
  }
  const auto document = catalog_.FindStage(api_id, stage);
  if (!document) {
    if (document.error().code != ErrorCode::kNotFound) return document.error();
    return std::shared_ptr<const StageSnapshot>();
  }
  const std::string deployment_id = document->deployment_id.value_or("");
  auto api = catalog_.FindSnapshot(api_id, deployment_id);
  if (!api) return api.error();
  const auto deployment = catalog_.FindDeployment(api_id, deployment_id);
  if (!deployment) return deployment.error();
  // Whether the endpoint is open acts at once, as the stage's settings do.
  const auto current = catalog_.FindApi(api_id);
  if (!current) return current.error();
  api->rest.disable_execute_api_endpoint = current->rest.disable_execute_api_endpoint;
  auto compiled = CompileStage(*api, *document, deployment->created_date.value_or(Time()));
  const std::unique_lock lock(mutex_);
  if (changes_ == before) stages_[key] = compiled;
  return compiled;
}

void StagesInUse::Forget(std::string_view api_id) {
  const std::unique_lock lock(mutex_);
  ++changes_;
  std::erase_if(stages_, [&](const auto& entry) { return entry.first.first == api_id; });
}

}  // namespace usher::apigateway
