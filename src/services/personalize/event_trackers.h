// Operations on event trackers: what lets events into a dataset group. A tracker is ACTIVE at once;
// deleting it leaves the events.
#pragma once

#include <string>

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Errors: not found; in use for a group that is not ACTIVE; already exists when the group has one.
Result<api::CreateEventTrackerResponse> CreateEventTracker(
    const api::CreateEventTrackerRequest& request, Service& service, wire::CallContext& context);
Result<api::DescribeEventTrackerResponse> DescribeEventTracker(
    const api::DescribeEventTrackerRequest& request, Service& service, wire::CallContext& context);
Result<api::ListEventTrackersResponse> ListEventTrackers(
    const api::ListEventTrackersRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteEventTrackerResponse> DeleteEventTracker(
    const api::DeleteEventTrackerRequest& request, Service& service, wire::CallContext& context);

}  // namespace usher::personalize
