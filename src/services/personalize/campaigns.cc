#include "services/personalize/campaigns.h"

#include "services/personalize/arns.h"
#include "services/personalize/exploration.h"
#include "services/personalize/tags.h"

namespace usher::personalize {
namespace {

constexpr std::string_view kLatest = "/$LATEST";
constexpr std::int64_t kDefaultMinProvisionedTps = 1;

// The version that an ARN names: itself, or the newest ACTIVE one for <solution>/$LATEST.
// Errors: not found; in use while it is not ACTIVE.
Result<Stored<api::SolutionVersion>> DeployableVersion(const Service& service,
                                                       const std::string& arn) {
  if (!arn.ends_with(kLatest)) {
    auto version = service.catalog.Find<api::SolutionVersion>(arn);
    if (version && version->resource.status != kActive) {
      return InUse("solution version " + arn + " is not ACTIVE but " + *version->resource.status);
    }
    return version;
  }
  const std::string solution_arn = arn.substr(0, arn.size() - kLatest.size());
  const auto solution = service.catalog.Find<api::Solution>(solution_arn);
  if (!solution) return solution.error();
  auto versions = service.catalog.ListAll<api::SolutionVersion>(solution_arn);
  if (!versions) return std::move(versions).error();
  for (auto version = versions->rbegin(); version != versions->rend(); ++version) {
    if (version->resource.status == kActive) return *version;
  }
  return ResourceNotFound(arn);
}

Result<void> CheckConfig(const std::optional<api::CampaignConfig>& config,
                         const std::string& version_arn, const api::SolutionVersion& version) {
  const Recipe* recipe = FindRecipe(*version.recipe_arn);
  if (!recipe) return Corrupt("the solution version names no known recipe");
  if (!recipe->real_time) {
    return InvalidInput("recipe " + std::string(recipe->name) +
                        " has no campaigns: it answers in batches only");
  }
  if (!config) return {};
  if (config->sync_with_latest_solution_version.value_or(false) &&
      !version_arn.ends_with(kLatest)) {
    return InvalidInput(
        "syncWithLatestSolutionVersion needs a solutionVersionArn of the form "
        "<solutionArn>/$LATEST");
  }
  if (config->enable_metadata_with_recommendations.value_or(false)) {
    return InvalidInput("enableMetadataWithRecommendations is not supported by Usher yet");
  }
  if (config->ranking_influence && !config->ranking_influence->empty()) {
    return InvalidInput(recipe->name == "aws-semantic-similarity"
                            ? "rankingInfluence is not supported by Usher yet"
                            : "rankingInfluence is only for recipe aws-semantic-similarity");
  }
  return CheckExplorationConfig(*recipe, config->item_exploration_config);
}

// Deploys what the campaign's document asks for.
Result<void> Deploy(Service& service, jobs::JobContext& job) {
  const std::string& arn = job.spec().subject;
  const auto campaign =
      service.catalog.Modify<api::Campaign>(arn, [](Stored<api::Campaign>& stored) -> Result<void> {
        auto& update = stored.resource.latest_campaign_update;
        if (stored.resource.status == kCreatePending) stored.resource.status = kCreateInProgress;
        if (update && update->status == kCreatePending) update->status = kCreateInProgress;
        return {};
      });
  if (!campaign) return campaign.error();
  const auto& pending = campaign->resource.latest_campaign_update;
  const bool updating = pending && pending->status == kCreateInProgress;
  const std::string version_arn =
      updating ? *pending->solution_version_arn : *campaign->resource.solution_version_arn;
  const auto& config = updating ? pending->campaign_config : campaign->resource.campaign_config;
  const auto deployment = service.deployments.Load(
      arn, version_arn, config ? config->item_exploration_config : std::nullopt);
  if (!deployment) return deployment.error();
  const auto done = service.catalog.Modify<api::Campaign>(
      arn, [&](Stored<api::Campaign>& stored) -> Result<void> {
        api::Campaign& resource = stored.resource;
        resource.status = std::string(kActive);
        resource.failure_reason = std::nullopt;
        if (!updating) return {};
        auto& update = *resource.latest_campaign_update;
        // An update asked for after this one has a job of its own.
        if (update.solution_version_arn != version_arn) return {};
        resource.solution_version_arn = update.solution_version_arn;
        resource.min_provisioned_tps = update.min_provisioned_tps;
        resource.campaign_config = update.campaign_config;
        update.status = std::string(kActive);
        update.last_updated_date_time = service.clock.Now();
        return {};
      });
  if (!done) return done.error();
  service.deployments.Serve(*deployment);
  return {};
}

void Fail(Service& service, const jobs::JobSpec& spec, const Error& reason) {
  const auto changed = service.catalog.Modify<api::Campaign>(
      spec.subject, [&](Stored<api::Campaign>& stored) -> Result<void> {
        auto& update = stored.resource.latest_campaign_update;
        if (update && (update->status == kCreatePending || update->status == kCreateInProgress)) {
          update->status = std::string(kCreateFailed);
          update->failure_reason = reason.message;
        } else {
          stored.resource.status = std::string(kCreateFailed);
          stored.resource.failure_reason = reason.message;
        }
        return {};
      });
  ReportLostFailure(changed, spec, reason);
}

// Writes the wish to update and the job that fulfils it.
Result<void> BeginUpdate(Service& service, Stored<api::Campaign> campaign,
                         const std::string& version_arn, std::optional<std::int64_t> tps,
                         const std::optional<api::CampaignConfig>& config) {
  const Time now = service.clock.Now();
  campaign.resource.latest_campaign_update = api::CampaignUpdateSummary{
      .solution_version_arn = version_arn,
      .min_provisioned_tps = tps ? tps : campaign.resource.min_provisioned_tps,
      .campaign_config = config ? config : campaign.resource.campaign_config,
      .status = std::string(kCreatePending),
      .failure_reason = std::nullopt,
      .creation_date_time = now,
      .last_updated_date_time = now,
  };
  storage::Batch batch;
  service.catalog.Update(batch, campaign);
  service.jobs.Enqueue(
      batch,
      {.type = std::string(kDeployJob), .subject = *campaign.resource.campaign_arn, .payload = ""});
  if (auto committed = service.catalog.Commit(batch); !committed) return committed;
  service.jobs.Wake();
  return {};
}

bool IsUpdating(const api::Campaign& campaign) {
  const auto& update = campaign.latest_campaign_update;
  return update && (update->status == kCreatePending || update->status == kCreateInProgress);
}

}  // namespace

Result<api::CreateCampaignResponse> CreateCampaign(const api::CreateCampaignRequest& request,
                                                   Service& service, wire::CallContext& context) {
  const auto version = DeployableVersion(service, request.solution_version_arn);
  if (!version) return version.error();
  if (auto valid =
          CheckConfig(request.campaign_config, request.solution_version_arn, version->resource);
      !valid) {
    return valid.error();
  }
  const Time now = service.clock.Now();
  api::Campaign campaign{
      .name = request.name,
      .campaign_arn = MakeArn(context.region, "campaign", request.name),
      .solution_version_arn = version->resource.solution_version_arn,
      .min_provisioned_tps = request.min_provisioned_tps.value_or(kDefaultMinProvisionedTps),
      .campaign_config = request.campaign_config,
      .status = std::string(kCreatePending),
      .failure_reason = std::nullopt,
      .creation_date_time = now,
      .last_updated_date_time = now,
      .latest_campaign_update = std::nullopt,
  };
  storage::Batch batch;
  service.catalog.Require<api::SolutionVersion>(batch, *campaign.solution_version_arn);
  service.catalog.Create(batch, campaign);
  if (auto tagged = AddTags(batch, *campaign.campaign_arn, request.tags); !tagged)
    return tagged.error();
  service.jobs.Enqueue(
      batch, {.type = std::string(kDeployJob), .subject = *campaign.campaign_arn, .payload = ""});
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.jobs.Wake();
  return api::CreateCampaignResponse{.campaign_arn = campaign.campaign_arn};
}

Result<api::DescribeCampaignResponse> DescribeCampaign(const api::DescribeCampaignRequest& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  auto campaign = service.catalog.Find<api::Campaign>(request.campaign_arn);
  if (!campaign) return std::move(campaign).error();
  return api::DescribeCampaignResponse{.campaign = std::move(campaign->resource)};
}

Result<api::ListCampaignsResponse> ListCampaigns(const api::ListCampaignsRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::Campaign>(request.solution_arn, request.next_token,
                                                  request.max_results);
  if (!page) return std::move(page).error();
  api::ListCampaignsResponse response{.campaigns = std::vector<api::CampaignSummary>{},
                                      .next_token = std::move(page->next_token)};
  for (const auto& campaign : page->resources) {
    response.campaigns->push_back(Summarise<api::CampaignSummary>(campaign.resource));
  }
  return response;
}

Result<api::UpdateCampaignResponse> UpdateCampaign(const api::UpdateCampaignRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  auto campaign = service.catalog.Find<api::Campaign>(request.campaign_arn);
  if (!campaign) return std::move(campaign).error();
  const std::string& status = *campaign->resource.status;
  if ((status != kActive && status != kCreateFailed) || IsUpdating(campaign->resource)) {
    return InUse("campaign " + request.campaign_arn +
                 " is being created or updated: wait until it is ACTIVE");
  }
  const std::string asked =
      request.solution_version_arn.value_or(*campaign->resource.solution_version_arn);
  const auto version = DeployableVersion(service, asked);
  if (!version) return version.error();
  if (version->resource.solution_arn != Kind<api::Campaign>::Group(campaign->resource)) {
    return InvalidInput("campaign " + request.campaign_arn + " deploys versions of " +
                        Kind<api::Campaign>::Group(campaign->resource) +
                        ", not of another solution");
  }
  if (auto valid = CheckConfig(request.campaign_config, asked, version->resource); !valid)
    return valid.error();
  if (auto begun =
          BeginUpdate(service, std::move(*campaign), *version->resource.solution_version_arn,
                      request.min_provisioned_tps, request.campaign_config);
      !begun) {
    return begun.error();
  }
  return api::UpdateCampaignResponse{.campaign_arn = request.campaign_arn};
}

Result<api::DeleteCampaignResponse> DeleteCampaign(const api::DeleteCampaignRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto campaign = service.catalog.Find<api::Campaign>(request.campaign_arn);
  if (!campaign) return campaign.error();
  const std::string& status = *campaign->resource.status;
  if ((status != kActive && status != kCreateFailed) || IsUpdating(campaign->resource)) {
    return InUse("campaign " + request.campaign_arn +
                 " is being created or updated: wait until it is ACTIVE");
  }
  storage::Batch batch;
  service.catalog.Delete(batch, *campaign);
  RemoveTags(batch, request.campaign_arn);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.deployments.Remove(request.campaign_arn);
  return api::DeleteCampaignResponse{};
}

jobs::JobType DeployJob(Service& service) {
  return {.name = std::string(kDeployJob),
          .run = [&service](jobs::JobContext& job) { return Deploy(service, job); },
          .on_failed = [&service](const jobs::JobSpec& spec,
                                  const Error& reason) { Fail(service, spec, reason); }};
}

Result<void> SyncCampaigns(Service& service, const std::string& solution_arn,
                           const std::string& version_arn) {
  auto campaigns = service.catalog.ListAll<api::Campaign>(solution_arn);
  if (!campaigns) return std::move(campaigns).error();
  for (Stored<api::Campaign>& campaign : *campaigns) {
    const auto& config = campaign.resource.campaign_config;
    if (!config || !config->sync_with_latest_solution_version.value_or(false)) continue;
    if (campaign.resource.solution_version_arn == version_arn) continue;
    const auto begun =
        BeginUpdate(service, std::move(campaign), version_arn, std::nullopt, std::nullopt);
    // Deleted or changed by a client in this moment: what the client did counts.
    if (!begun && begun.error().code != ErrorCode::kInUse &&
        begun.error().code != ErrorCode::kNotFound)
      return begun;
  }
  return {};
}

}  // namespace usher::personalize
