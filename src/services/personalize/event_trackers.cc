#include "services/personalize/event_trackers.h"

#include "base/random.h"
#include "services/personalize/arns.h"
#include "services/personalize/tags.h"
#include "services/personalize/tracking_ids.h"

namespace usher::personalize {
namespace {

constexpr std::size_t kIdBytes = 4;  // the ARN ends in eight hexadecimal digits

}  // namespace

Result<api::CreateEventTrackerResponse> CreateEventTracker(
    const api::CreateEventTrackerRequest& request, Service& service, wire::CallContext& context) {
  const auto group = service.catalog.Find<api::DatasetGroup>(request.dataset_group_arn);
  if (!group) return group.error();
  if (group->resource.status != kActive) {
    return InUse("dataset group " + request.dataset_group_arn + " is not ACTIVE but " +
                 *group->resource.status);
  }
  const auto others = service.catalog.ListAll<api::EventTracker>(request.dataset_group_arn);
  if (!others) return others.error();
  if (!others->empty()) {
    return AlreadyExists("dataset group " + request.dataset_group_arn + " has event tracker " +
                         *others->front().resource.event_tracker_arn +
                         " already: use its trackingId, or delete it first");
  }
  const Time now = service.clock.Now();
  const api::EventTracker tracker{
      .name = request.name,
      .event_tracker_arn = MakeArn(context.region, "event-tracker", SecureHex(kIdBytes)),
      .account_id = std::string(wire::kAccountId),
      .tracking_id = NewUuid(),
      .dataset_group_arn = request.dataset_group_arn,
      .status = std::string(kActive),
      .creation_date_time = now,
      .last_updated_date_time = now};
  storage::Batch batch;
  service.catalog.Require<api::DatasetGroup>(batch, request.dataset_group_arn);
  service.catalog.RequireNoneUnder<api::EventTracker>(batch, request.dataset_group_arn);
  service.catalog.Create(batch, tracker);
  if (auto tagged = AddTags(batch, *tracker.event_tracker_arn, request.tags); !tagged) {
    return tagged.error();
  }
  AddTrackingId(batch, tracker);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::CreateEventTrackerResponse{.event_tracker_arn = tracker.event_tracker_arn,
                                         .tracking_id = tracker.tracking_id};
}

Result<api::DescribeEventTrackerResponse> DescribeEventTracker(
    const api::DescribeEventTrackerRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto tracker = service.catalog.Find<api::EventTracker>(request.event_tracker_arn);
  if (!tracker) return std::move(tracker).error();
  return api::DescribeEventTrackerResponse{.event_tracker = std::move(tracker->resource)};
}

Result<api::ListEventTrackersResponse> ListEventTrackers(
    const api::ListEventTrackersRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::EventTracker>(request.dataset_group_arn, request.next_token,
                                                      request.max_results);
  if (!page) return std::move(page).error();
  api::ListEventTrackersResponse response{.event_trackers = std::vector<api::EventTrackerSummary>{},
                                          .next_token = std::move(page->next_token)};
  for (const auto& tracker : page->resources) {
    response.event_trackers->push_back(Summarise<api::EventTrackerSummary>(tracker.resource));
  }
  return response;
}

Result<api::DeleteEventTrackerResponse> DeleteEventTracker(
    const api::DeleteEventTrackerRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto tracker = service.catalog.Find<api::EventTracker>(request.event_tracker_arn);
  if (!tracker) return tracker.error();
  storage::Batch batch;
  service.catalog.Delete(batch, *tracker);
  RemoveTags(batch, request.event_tracker_arn);
  RemoveTrackingId(batch, tracker->resource);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.live.ForgetTracker(*tracker->resource.tracking_id);
  return api::DeleteEventTrackerResponse{};
}

}  // namespace usher::personalize
