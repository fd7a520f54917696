// Operations CreateBatchSegmentJob, DescribeBatchSegmentJob, ListBatchSegmentJobs.
// A segment is the users most likely to meet an item, or items with given attributes.
// Errors: invalid input, not found, already exists, in use; limits as tags.h says.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateBatchSegmentJobResponse> CreateBatchSegmentJob(
    const api::CreateBatchSegmentJobRequest& request, Service& service, wire::CallContext& context);
Result<api::DescribeBatchSegmentJobResponse> DescribeBatchSegmentJob(
    const api::DescribeBatchSegmentJobRequest& request, Service& service,
    wire::CallContext& context);
Result<api::ListBatchSegmentJobsResponse> ListBatchSegmentJobs(
    const api::ListBatchSegmentJobsRequest& request, Service& service, wire::CallContext& context);

}  // namespace usher::personalize
