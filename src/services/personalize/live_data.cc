#include "services/personalize/live_data.h"

#include <utility>

#include "base/random.h"
#include "services/personalize/tracking_ids.h"

namespace usher::personalize {
std::string DatasetArnOf(const std::string& group_arn, std::string_view type) {
  constexpr std::string_view kGroup = ":dataset-group/";
  const std::size_t at = group_arn.rfind(kGroup);
  if (at == std::string::npos) return "";
  return group_arn.substr(0, at) + ":dataset/" + group_arn.substr(at + kGroup.size()) + "/" +
         std::string(type);
}

std::shared_ptr<LiveData::Slot> LiveData::SlotOf(const std::string& dataset_arn) {
  {
    const std::shared_lock lock(mutex_);
    const auto found = slots_.find(dataset_arn);
    if (found != slots_.end()) return found->second;
  }
  const std::unique_lock lock(mutex_);
  auto& slot = slots_[dataset_arn];
  if (!slot) slot = std::make_shared<Slot>();
  return slot;
}

Result<std::shared_ptr<LiveDataset>> LiveData::Describe(const Stored<api::Dataset>& dataset) const {
  const auto schema = catalog_.Find<api::DatasetSchema>(*dataset.resource.schema_arn);
  if (!schema) return schema.error();
  auto fields = ParseAvroSchema(*schema->resource.schema, schema->resource.domain.value_or(""));
  if (!fields) return fields.error();
  auto described = std::make_shared<LiveDataset>();
  described->dataset_arn = *dataset.resource.dataset_arn;
  described->type = *dataset.resource.dataset_type;
  described->schema = *std::move(fields);
  return described;
}

Result<LiveDatasetPtr> LiveData::Open(const std::string& dataset_arn, bool to_write) {
  const std::shared_ptr<Slot> slot = SlotOf(dataset_arn);
  const std::lock_guard opening(slot->mutex);
  if (slot->dataset && (slot->writable || !to_write)) return slot->dataset;

  auto dataset = catalog_.Find<api::Dataset>(dataset_arn);
  if (!dataset) return std::move(dataset).error();
  const Value* folder = dataset->extra.Find(kEventsNote);
  if (!folder && to_write) {
    dataset = catalog_.Modify<api::Dataset>(
        dataset_arn, [&](Stored<api::Dataset>& stored) -> Result<void> {
          if (!stored.extra.Find(kEventsNote)) {
            stored.extra.Set(std::string(kEventsNote), "events/" + SecureHex(8));
          }
          return {};
        });
    if (!dataset) return std::move(dataset).error();
    folder = dataset->extra.Find(kEventsNote);
  }
  if (folder && !folder->as_string()) return Corrupt("a dataset does not name its log of rows");
  const auto described = Describe(*dataset);
  if (!described) return described.error();
  const std::shared_ptr<LiveDataset>& opened = *described;
  // Without a note there are no rows, and nothing is written.
  const std::string path = folder ? data_folder_ + "/" + *folder->as_string() : "";
  if (opened->type == "INTERACTIONS") {
    auto live = LiveInteractions::Open(path);
    if (!live) return live.error();
    opened->interactions = *std::move(live);
  } else {
    auto live = LiveRecords::Open(path);
    if (!live) return live.error();
    opened->records = *std::move(live);
  }
  slot->dataset = opened;
  slot->writable = folder != nullptr;
  return slot->dataset;
}

Result<LiveDatasetPtr> LiveData::Find(const std::string& group_arn, std::string_view type) {
  auto found = Open(DatasetArnOf(group_arn, type), false);
  if (!found && found.error().code == ErrorCode::kNotFound) return LiveDatasetPtr();
  return found;
}

Result<LiveDatasetPtr> LiveData::ForWriting(const std::string& dataset_arn) {
  return Open(dataset_arn, true);
}

Result<LiveDatasetPtr> LiveData::OfTracker(const std::string& tracking_id) {
  std::string dataset_arn;
  {
    const std::shared_lock lock(mutex_);
    const auto found = tracked_.find(tracking_id);
    if (found != tracked_.end()) dataset_arn = found->second;
  }
  if (dataset_arn.empty()) {
    // Looked up under the lock, so that no tracker is remembered that was deleted meanwhile.
    const std::unique_lock lock(mutex_);
    const auto group_arn = GroupOfTrackingId(catalog_, tracking_id);
    if (!group_arn) return group_arn.error();
    if (group_arn->empty()) {
      return InvalidInput("trackingId " + tracking_id +
                          " belongs to no event tracker: it may have been deleted. "
                          "CreateEventTracker and DescribeEventTracker give the ones that are");
    }
    dataset_arn = DatasetArnOf(*group_arn, "INTERACTIONS");
    tracked_.insert_or_assign(tracking_id, dataset_arn);
  }
  auto dataset = Open(dataset_arn, true);
  if (!dataset && dataset.error().code == ErrorCode::kNotFound) {
    ForgetTracker(tracking_id);
    return InvalidInput("the dataset group of trackingId " + tracking_id +
                        " has no Interactions dataset: create one with CreateDataset first");
  }
  return dataset;
}

Result<void> LiveData::ReadSchemaAgain(const std::string& dataset_arn) {
  const std::shared_ptr<Slot> slot = SlotOf(dataset_arn);
  const std::lock_guard opening(slot->mutex);
  if (!slot->dataset) return {};
  const auto dataset = catalog_.Find<api::Dataset>(dataset_arn);
  if (!dataset) return dataset.error();
  const auto described = Describe(*dataset);
  if (!described) return described.error();
  (*described)->interactions = slot->dataset->interactions;
  (*described)->records = slot->dataset->records;
  slot->dataset = *described;
  return {};
}

void LiveData::Forget(const std::string& dataset_arn) {
  const std::unique_lock lock(mutex_);
  slots_.erase(dataset_arn);
}

void LiveData::ForgetTracker(const std::string& tracking_id) {
  const std::unique_lock lock(mutex_);
  tracked_.erase(tracking_id);
}

}  // namespace usher::personalize
