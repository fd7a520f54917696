#include "services/personalize/deployments.h"

#include <charconv>
#include <mutex>

namespace usher::personalize {
namespace {

std::optional<double> ThresholdOf(const std::optional<api::SolutionConfig>& config) {
  if (!config || !config->event_value_threshold) return std::nullopt;
  const std::string& text = *config->event_value_threshold;
  double value = 0;  // CreateSolution has checked that it is a number
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<std::shared_ptr<const Deployment>> Deployments::Find(const std::string& campaign_arn) {
  {
    const std::shared_lock lock(mutex_);
    const auto found = by_campaign_.find(campaign_arn);
    if (found != by_campaign_.end()) return found->second;
  }
  const auto campaign = catalog_.Find<api::Campaign>(campaign_arn);
  if (!campaign) return campaign.error();
  if (campaign->resource.status != kActive) {
    return InvalidInput("campaign " + campaign_arn + " is not ACTIVE but " +
                        *campaign->resource.status);
  }
  const auto& config = campaign->resource.campaign_config;
  auto loaded = Load(campaign_arn, *campaign->resource.solution_version_arn,
                     config ? config->item_exploration_config : std::nullopt);
  if (!loaded) return loaded;
  const std::unique_lock lock(mutex_);
  // Somebody else may have loaded it, or an update served a newer one, in the meantime: theirs
  // stays.
  return by_campaign_.try_emplace(campaign_arn, *loaded).first->second;
}

Result<std::shared_ptr<const Deployment>> Deployments::Load(
    const std::string& campaign_arn, const std::string& version_arn,
    const std::optional<ExplorationConfig>& exploration) {
  const auto version = catalog_.Find<api::SolutionVersion>(version_arn);
  if (!version) return version.error();
  auto deployment = std::make_shared<Deployment>();
  deployment->campaign_arn = campaign_arn;
  deployment->solution_version_arn = version_arn;
  deployment->dataset_group_arn = version->resource.dataset_group_arn.value_or("");
  deployment->event_value_threshold = ThresholdOf(version->resource.solution_config);
  deployment->recipe = FindRecipe(version->resource.recipe_arn.value_or(""));
  if (!deployment->recipe)
    return Corrupt("solution version " + version_arn + " names no known recipe");
  const auto ready = [&]() -> std::shared_ptr<const Deployment> {
    deployment->explorer =
        engine::Explorer::Make(deployment->loaded, ExplorationOf(*deployment->recipe, exploration));
    return std::move(deployment);
  };
  {
    std::shared_lock lock(mutex_);
    for (const auto& [arn, other] : by_campaign_) {
      if (other->solution_version_arn != version_arn) continue;
      deployment->loaded = other->loaded;
      lock.unlock();
      return ready();
    }
  }
  const Value* folder = version->extra.Find("model");
  if (!folder || !folder->as_string())
    return InvalidInput("solution version " + version_arn + " has no model");
  auto loaded = engine::LoadModel(data_folder_ + "/" + *folder->as_string());
  if (!loaded) return std::move(loaded).error();
  deployment->loaded = std::move(*loaded);
  return ready();
}

void Deployments::Serve(std::shared_ptr<const Deployment> deployment) {
  const std::unique_lock lock(mutex_);
  by_campaign_.insert_or_assign(deployment->campaign_arn, std::move(deployment));
}

void Deployments::Remove(const std::string& campaign_arn) {
  const std::unique_lock lock(mutex_);
  by_campaign_.erase(campaign_arn);
}

}  // namespace usher::personalize
