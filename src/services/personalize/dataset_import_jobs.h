// Operations CreateDatasetImportJob, DescribeDatasetImportJob, ListDatasetImportJobs.
// Errors: invalid input, not found, already exists, in use, limit exceeded; limits as tags.h says.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Jobs that may wait or run at once. Source: Amazon Personalize developer guide, "Endpoints and
// quotas".
inline constexpr std::size_t kMaxRunningImports = 5;

Result<api::CreateDatasetImportJobResponse> CreateDatasetImportJob(
    const api::CreateDatasetImportJobRequest& request, Service& service,
    wire::CallContext& context);
Result<api::DescribeDatasetImportJobResponse> DescribeDatasetImportJob(
    const api::DescribeDatasetImportJobRequest& request, Service& service,
    wire::CallContext& context);
Result<api::ListDatasetImportJobsResponse> ListDatasetImportJobs(
    const api::ListDatasetImportJobsRequest& request, Service& service, wire::CallContext& context);

}  // namespace usher::personalize
