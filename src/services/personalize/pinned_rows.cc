#include "services/personalize/pinned_rows.h"

#include <filesystem>
#include <utility>

#include "services/personalize/files.h"

namespace usher::personalize {

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
    pinned.more = folder + "/events.parquet";
    if (!std::filesystem::exists(pinned.more)) {
      const auto live = service.live.ForWriting(*dataset.resource.dataset_arn);
      if (!live) return live.error();
      const auto rows = (*live)->interactions->WriteRows((*live)->schema, pinned.more);
      if (!rows) return rows.error();
    }
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
