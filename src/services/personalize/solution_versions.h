// Operations CreateSolutionVersion, DescribeSolutionVersion, ListSolutionVersions,
// StopSolutionVersionCreation and GetSolutionMetrics. train_job.h does the work. Errors: invalid
// input, not found, in use; limits as tags.h says.
#pragma once

#include <string_view>

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateSolutionVersionResponse> CreateSolutionVersion(
    const api::CreateSolutionVersionRequest& request, Service& service, wire::CallContext& context);
Result<api::DescribeSolutionVersionResponse> DescribeSolutionVersion(
    const api::DescribeSolutionVersionRequest& request, Service& service,
    wire::CallContext& context);
Result<api::ListSolutionVersionsResponse> ListSolutionVersions(
    const api::ListSolutionVersionsRequest& request, Service& service, wire::CallContext& context);
Result<api::StopSolutionVersionCreationResponse> StopSolutionVersionCreation(
    const api::StopSolutionVersionCreationRequest& request, Service& service,
    wire::CallContext& context);
Result<api::GetSolutionMetricsResponse> GetSolutionMetrics(
    const api::GetSolutionMetricsRequest& request, Service& service, wire::CallContext& context);

// Values of trainingMode. An update continues from the newest ACTIVE version that was trained with
// FULL, and has its metrics.
inline constexpr std::string_view kFullTraining = "FULL";
inline constexpr std::string_view kUpdateTraining = "UPDATE";

// True while the status says that the work of creation is not over.
[[nodiscard]] bool IsBeingCreated(std::string_view status);

// Removes the files of a deleted version's model; what cannot be removed is logged and swept at the
// next start.
void RemoveModel(const Service& service, const Stored<api::SolutionVersion>& version);
// Removes model folders that no solution version names: left over by a crash.
Result<void> SweepModels(const Service& service);

}  // namespace usher::personalize
