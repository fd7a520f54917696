// Deployments: the models that campaigns serve, ready in memory.
//
// A deployment is an immutable snapshot behind a shared_ptr: requests that began with it end with
// it while an update puts another in its place. After a restart a campaign's model is loaded at the
// first request for it.
//
// Threads: safe from any thread. Cost of Find: one lock shared by readers and one look-up.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "base/result.h"
#include "engine/explore.h"
#include "engine/model_folder.h"
#include "services/personalize/catalog.h"
#include "services/personalize/exploration.h"
#include "services/personalize/recipes.h"

namespace usher::personalize {

struct Deployment {
  std::string campaign_arn;
  std::string solution_version_arn;
  std::string dataset_group_arn;
  std::optional<double> event_value_threshold;  // of the events that the solution learns from
  const Recipe* recipe = nullptr;
  engine::LoadedModel loaded;
  std::unique_ptr<const engine::Explorer> explorer;  // of `loaded`; nullptr: answers are greedy
};

class Deployments {
 public:
  Deployments(const Catalog& catalog, std::string data_folder)
      : catalog_(catalog), data_folder_(std::move(data_folder)) {}

  // Errors: not found; invalid input when the campaign is not ACTIVE; what LoadModel says.
  Result<std::shared_ptr<const Deployment>> Find(const std::string& campaign_arn);

  // Loads the version's model without serving it yet. Campaigns of one version share it. The
  // configuration has been checked.
  Result<std::shared_ptr<const Deployment>> Load(
      const std::string& campaign_arn, const std::string& version_arn,
      const std::optional<ExplorationConfig>& exploration);

  void Serve(std::shared_ptr<const Deployment> deployment);
  void Remove(const std::string& campaign_arn);

 private:
  const Catalog& catalog_;
  const std::string data_folder_;
  std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<const Deployment>, std::less<>> by_campaign_;
};

}  // namespace usher::personalize
