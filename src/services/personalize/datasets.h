// Operations CreateDataset, DescribeDataset, ListDatasets, UpdateDataset, DeleteDataset.
// Errors: invalid input, not found, already exists, in use; limits as tags.h says.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateDatasetResponse> CreateDataset(const api::CreateDatasetRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::DescribeDatasetResponse> DescribeDataset(const api::DescribeDatasetRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::ListDatasetsResponse> ListDatasets(const api::ListDatasetsRequest& request,
                                               Service& service, wire::CallContext& context);
// Replaces the schema: every old field stays, new ones may be null.
Result<api::UpdateDatasetResponse> UpdateDataset(const api::UpdateDatasetRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::DeleteDatasetResponse> DeleteDataset(const api::DeleteDatasetRequest& request,
                                                 Service& service, wire::CallContext& context);

// Removes files of imported rows that no dataset names: left over by a crash.
Result<void> SweepDatasets(const Service& service);

}  // namespace usher::personalize
