// Operations GetRecommendations and GetPersonalizedRanking: what a campaign answers.
// Errors: invalid input; not found.
// Cost: a fold-in and an exact top-k over the catalogue; nothing is read from disk but a campaign's
// first request.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"
#include "wire/personalize_runtime.h"

namespace usher::personalize {

namespace runtime_api = usher::api::personalize_runtime;

Result<runtime_api::GetRecommendationsResponse> GetRecommendations(
    const runtime_api::GetRecommendationsRequest& request, Service& service,
    wire::CallContext& context);
Result<runtime_api::GetPersonalizedRankingResponse> GetPersonalizedRanking(
    const runtime_api::GetPersonalizedRankingRequest& request, Service& service,
    wire::CallContext& context);

}  // namespace usher::personalize
