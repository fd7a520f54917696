// Tracking ids: what events name instead of an ARN, and the dataset group that each stands for.
#pragma once

#include <string>

#include "base/result.h"
#include "services/personalize/catalog.h"

namespace usher::personalize {

// Adds the id of a tracker to the batch that creates it; removes it with the one that deletes it.
void AddTrackingId(storage::Batch& batch, const api::EventTracker& tracker);
void RemoveTrackingId(storage::Batch& batch, const api::EventTracker& tracker);

// ARN of the dataset group; "" when no tracker has the id. Errors: internal.
Result<std::string> GroupOfTrackingId(const Catalog& catalog, const std::string& tracking_id);

}  // namespace usher::personalize
