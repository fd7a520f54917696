// LiveData: the rows of all datasets that came one by one, opened at the first use, and the event
// trackers by which events find their dataset.
//
// A dataset's `extra` names the folder of its log under `events`, from the first Put on; imports,
// also FULL ones, leave it alone; it goes with the dataset.
//
// Threads: safe from any thread. Cost of a look-up: a lock shared by readers and one search. The
//          first one for a dataset after a start reads its log: about a second for a million rows.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/personalize/catalog.h"
#include "services/personalize/live_interactions.h"
#include "services/personalize/live_records.h"

namespace usher::personalize {

inline constexpr std::string_view kEventsNote = "events";  // in a dataset's `extra`

// A dataset with the rows that came one by one: of an Interactions dataset `interactions` is there,
// of the others `records`. Immutable but for what the two hold.
struct LiveDataset {
  std::string dataset_arn;
  std::string type;  // "INTERACTIONS", "ITEMS", "USERS"
  AvroSchema schema;
  std::shared_ptr<LiveInteractions> interactions;
  std::shared_ptr<LiveRecords> records;
};

using LiveDatasetPtr = std::shared_ptr<const LiveDataset>;

class LiveData {
 public:
  LiveData(const Catalog& catalog, std::string data_folder)
      : catalog_(catalog), data_folder_(std::move(data_folder)) {}

  // To be read. nullptr when the group has no dataset of this type ("INTERACTIONS" …). Errors:
  // corrupt; internal.
  Result<LiveDatasetPtr> Find(const std::string& group_arn, std::string_view type);
  // By ARN, to be written to: notes the log's folder on the dataset. Errors: not found; corrupt;
  // internal.
  Result<LiveDatasetPtr> ForWriting(const std::string& dataset_arn);

  // The Interactions dataset that events with this id go to. Errors: invalid input when no event
  // tracker has the id or its group has no such dataset; corrupt; internal.
  Result<LiveDatasetPtr> OfTracker(const std::string& tracking_id);

  // The dataset's schema was replaced. Errors: not found; corrupt; internal.
  Result<void> ReadSchemaAgain(const std::string& dataset_arn);
  // The dataset is gone.
  void Forget(const std::string& dataset_arn);
  // The tracker is gone.
  void ForgetTracker(const std::string& tracking_id);

 private:
  struct Slot {
    std::mutex mutex;  // while it is opened
    LiveDatasetPtr dataset;
    bool writable = false;  // the document names the folder
  };

  std::shared_ptr<Slot> SlotOf(const std::string& dataset_arn);
  Result<LiveDatasetPtr> Open(const std::string& dataset_arn, bool to_write);
  // With its schema, without its rows.
  Result<std::shared_ptr<LiveDataset>> Describe(const Stored<api::Dataset>& dataset) const;

  const Catalog& catalog_;
  const std::string data_folder_;
  std::shared_mutex mutex_;  // of the maps
  std::map<std::string, std::shared_ptr<Slot>, std::less<>> slots_;
  std::map<std::string, std::string, std::less<>> tracked_;  // tracking id to dataset ARN
};

// ARN of a group's dataset of a type ("INTERACTIONS" …).
[[nodiscard]] std::string DatasetArnOf(const std::string& group_arn, std::string_view type);

}  // namespace usher::personalize
