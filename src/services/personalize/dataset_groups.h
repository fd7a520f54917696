// Operations CreateDatasetGroup, DescribeDatasetGroup, ListDatasetGroups, DeleteDatasetGroup.
// Errors: invalid input, not found, already exists, in use; limits as tags.h says.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateDatasetGroupResponse> CreateDatasetGroup(
    const api::CreateDatasetGroupRequest& request, Service& service, wire::CallContext& context);
Result<api::DescribeDatasetGroupResponse> DescribeDatasetGroup(
    const api::DescribeDatasetGroupRequest& request, Service& service, wire::CallContext& context);
Result<api::ListDatasetGroupsResponse> ListDatasetGroups(
    const api::ListDatasetGroupsRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteDatasetGroupResponse> DeleteDatasetGroup(
    const api::DeleteDatasetGroupRequest& request, Service& service, wire::CallContext& context);

}  // namespace usher::personalize
