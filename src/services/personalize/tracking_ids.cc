#include "services/personalize/tracking_ids.h"

namespace usher::personalize {
namespace {

// The document's body is the group's ARN.
constexpr std::string_view kKind = "personalize/tracking-id";

}  // namespace

void AddTrackingId(storage::Batch& batch, const api::EventTracker& tracker) {
  batch.Create(std::string(kKind), *tracker.tracking_id, "", *tracker.dataset_group_arn);
}

void RemoveTrackingId(storage::Batch& batch, const api::EventTracker& tracker) {
  batch.Delete(std::string(kKind), *tracker.tracking_id);
}

Result<std::string> GroupOfTrackingId(const Catalog& catalog, const std::string& tracking_id) {
  const auto document = catalog.store().Get(kKind, tracking_id);
  if (!document) return document.error();
  return *document ? (*document)->body : std::string();
}

}  // namespace usher::personalize
