// Operations CreateBatchInferenceJob, DescribeBatchInferenceJob, ListBatchInferenceJobs.
// Errors: invalid input, not found, already exists, in use; limits as tags.h says.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateBatchInferenceJobResponse> CreateBatchInferenceJob(
    const api::CreateBatchInferenceJobRequest& request, Service& service,
    wire::CallContext& context);
Result<api::DescribeBatchInferenceJobResponse> DescribeBatchInferenceJob(
    const api::DescribeBatchInferenceJobRequest& request, Service& service,
    wire::CallContext& context);
Result<api::ListBatchInferenceJobsResponse> ListBatchInferenceJobs(
    const api::ListBatchInferenceJobsRequest& request, Service& service,
    wire::CallContext& context);

}  // namespace usher::personalize
