// Operations CreateCampaign, DescribeCampaign, ListCampaigns, UpdateCampaign, DeleteCampaign, and
// the job that deploys. Errors: invalid input, not found, already exists, in use; limits as tags.h
// says.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/job_queue.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateCampaignResponse> CreateCampaign(const api::CreateCampaignRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DescribeCampaignResponse> DescribeCampaign(const api::DescribeCampaignRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::ListCampaignsResponse> ListCampaigns(const api::ListCampaignsRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::UpdateCampaignResponse> UpdateCampaign(const api::UpdateCampaignRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DeleteCampaignResponse> DeleteCampaign(const api::DeleteCampaignRequest& request,
                                                   Service& service, wire::CallContext& context);

// Job type whose subject is the campaign: loads the model, then serves it. A campaign that is being
// updated serves its old model until then.
inline constexpr std::string_view kDeployJob = "personalize.deploy";
[[nodiscard]] jobs::JobType DeployJob(Service& service);

// Begins the update of each campaign of the solution that follows its latest version.
Result<void> SyncCampaigns(Service& service, const std::string& solution_arn,
                           const std::string& version_arn);

}  // namespace usher::personalize
