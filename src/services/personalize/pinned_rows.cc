#include "services/personalize/pinned_rows.h"

#include <filesystem>
#include <utility>

#include "services/personalize/files.h"

namespace usher::personalize {

namespace {

// Of an Interactions dataset, into the file that both functions below give.
Result<std::string> WriteEvents(Service& service, const std::string& dataset_arn,
                                const std::string& folder) {
  std::string path = folder + "/events.parquet";
  if (std::filesystem::exists(path)) return path;
  const auto live = service.live.ForWriting(dataset_arn);
  if (!live) return live.error();
  const auto rows = (*live)->interactions->WriteRows((*live)->schema, path);
  if (!rows) return rows.error();
  return path;
}

}  // namespace

Result<std::string> PinEvents(Service& service, const std::string& group_arn,
                              const std::string& folder) {
  const auto datasets = service.catalog.ListAll<api::Dataset>(group_arn);
  if (!datasets) return datasets.error();
  for (const auto& dataset : *datasets) {
    if (dataset.resource.dataset_type != "INTERACTIONS") continue;
    if (!EventsFolderOf(service, dataset)) break;
    return WriteEvents(service, *dataset.resource.dataset_arn, folder);
  }
  return std::string();
}

Result<PinnedInteractions> PinInteractions(Service& service, const Stored<api::Dataset>& dataset,
                                           const std::string& folder) {
  const auto imported = DatasetFile(service, dataset);
  const bool has_events = EventsFolderOf(service, dataset).has_value();
  if (!imported && !has_events) {
    return InvalidInput("dataset " + *dataset.resource.dataset_arn + " has no rows");
  }
  PinnedInteractions pinned;
  if (imported) {
    pinned.first = folder + "/interactions.parquet";
    if (!std::filesystem::exists(pinned.first)) {
      if (auto done = PinFile(*imported, pinned.first); !done) return done.error();
    }
  }
  if (has_events) {
    auto written = WriteEvents(service, *dataset.resource.dataset_arn, folder);
    if (!written) return std::move(written).error();
    pinned.more = *std::move(written);
  }
  if (pinned.first.empty()) std::swap(pinned.first, pinned.more);
  return pinned;
}

Result<bool> PinRecords(Service& service, const Stored<api::Dataset>& dataset,
                        const std::string& path) {
  if (std::filesystem::exists(path)) return true;
  const auto imported = DatasetFile(service, dataset);
  if (!EventsFolderOf(service, dataset)) {
    if (!imported) return false;
    if (auto done = PinFile(*imported, path); !done) return done.error();
    return true;
  }
  const auto live = service.live.ForWriting(*dataset.resource.dataset_arn);
  if (!live) return live.error();
  const std::string id_column = (*live)->type == "ITEMS" ? "ITEM_ID" : "USER_ID";
  const auto rows = (*live)->records->WriteRows((*live)->schema, id_column,
                                                imported ? imported->string() : "", path);
  if (!rows) return rows.error();
  return *rows > 0;
}

}  // namespace usher::personalize
