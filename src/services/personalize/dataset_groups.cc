#include "services/personalize/dataset_groups.h"

#include "services/personalize/arns.h"
#include "services/personalize/tags.h"

namespace usher::personalize {

Result<api::CreateDatasetGroupResponse> CreateDatasetGroup(
    const api::CreateDatasetGroupRequest& request, Service& service, wire::CallContext& context) {
  if (request.kms_key_arn.has_value() != request.role_arn.has_value()) {
    return InvalidInput("roleArn and kmsKeyArn must be given together or not at all");
  }
  const Time now = service.clock.Now();
  const api::DatasetGroup group{
      .name = request.name,
      .dataset_group_arn = MakeArn(context.region, "dataset-group", request.name),
      .status = std::string(kActive),
      .role_arn = request.role_arn,
      .kms_key_arn = request.kms_key_arn,
      .creation_date_time = now,
      .last_updated_date_time = now,
      .failure_reason = std::nullopt,
      .domain = request.domain};
  storage::Batch batch;
  service.catalog.Create(batch, group);
  if (auto tagged = AddTags(batch, *group.dataset_group_arn, request.tags); !tagged)
    return tagged.error();
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::CreateDatasetGroupResponse{.dataset_group_arn = group.dataset_group_arn,
                                         .domain = group.domain};
}

Result<api::DescribeDatasetGroupResponse> DescribeDatasetGroup(
    const api::DescribeDatasetGroupRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto group = service.catalog.Find<api::DatasetGroup>(request.dataset_group_arn);
  if (!group) return std::move(group).error();
  return api::DescribeDatasetGroupResponse{.dataset_group = std::move(group->resource)};
}

Result<api::ListDatasetGroupsResponse> ListDatasetGroups(
    const api::ListDatasetGroupsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::DatasetGroup>(std::nullopt, request.next_token,
                                                      request.max_results);
  if (!page) return std::move(page).error();
  api::ListDatasetGroupsResponse response{.dataset_groups = std::vector<api::DatasetGroupSummary>{},
                                          .next_token = std::move(page->next_token)};
  for (const auto& group : page->resources) {
    response.dataset_groups->push_back(Summarise<api::DatasetGroupSummary>(group.resource));
  }
  return response;
}

Result<api::DeleteDatasetGroupResponse> DeleteDatasetGroup(
    const api::DeleteDatasetGroupRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const std::string& arn = request.dataset_group_arn;
  const auto group = service.catalog.Find<api::DatasetGroup>(arn);
  if (!group) return group.error();
  const auto datasets = service.catalog.ListAll<api::Dataset>(arn);
  if (!datasets) return datasets.error();
  if (!datasets->empty()) {
    return InUse("dataset group " + arn + " still has dataset " +
                 *datasets->front().resource.dataset_arn + ": delete that first");
  }
  const auto solutions = service.catalog.ListAll<api::Solution>(arn);
  if (!solutions) return solutions.error();
  if (!solutions->empty()) {
    return InUse("dataset group " + arn + " still has solution " +
                 *solutions->front().resource.solution_arn + ": delete that first");
  }
  const auto trackers = service.catalog.ListAll<api::EventTracker>(arn);
  if (!trackers) return trackers.error();
  if (!trackers->empty()) {
    return InUse("dataset group " + arn + " still has event tracker " +
                 *trackers->front().resource.event_tracker_arn + ": delete that first");
  }
  const auto filters = service.catalog.ListAll<api::Filter>(arn);
  if (!filters) return filters.error();
  if (!filters->empty()) {
    return InUse("dataset group " + arn + " still has filter " +
                 *filters->front().resource.filter_arn + ": delete that first");
  }
  storage::Batch batch;
  service.catalog.RequireNoneUnder<api::Dataset>(batch, arn);
  service.catalog.RequireNoneUnder<api::Filter>(batch, arn);
  service.catalog.RequireNoneUnder<api::EventTracker>(batch, arn);
  service.catalog.RequireNoneUnder<api::Solution>(batch, arn);
  service.catalog.Delete(batch, *group);
  RemoveTags(batch, arn);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::DeleteDatasetGroupResponse{};
}

}  // namespace usher::personalize
