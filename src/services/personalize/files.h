// Where the files of the service's resources lie, under the data folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// The Parquet file of a dataset's imported rows; nullopt before the first import.
[[nodiscard]] std::optional<std::filesystem::path> DatasetFile(const Service& service,
                                                               const Stored<api::Dataset>& dataset);

// The log of a dataset's rows that came one by one (services/personalize/row_log.h); nullopt before
// the first one.
[[nodiscard]] std::optional<std::filesystem::path> EventsFolderOf(
    const Service& service, const Stored<api::Dataset>& dataset);
// Where those logs lie.
[[nodiscard]] std::filesystem::path EventsFolder(const Service& service);

[[nodiscard]] std::filesystem::path ModelsFolder(const Service& service);
// The model folder of a trained version; nullopt before training has ended.
[[nodiscard]] std::optional<std::filesystem::path> ModelFolder(
    const Service& service, const Stored<api::SolutionVersion>& version);

[[nodiscard]] std::filesystem::path DatasetsFolder(const Service& service);

// Removes what a folder holds beside `kept`: left over by a crash. A folder that does not exist is
// clean. Errors: internal.
Result<void> SweepFolder(const std::filesystem::path& folder,
                         const std::vector<std::filesystem::path>& kept);

// Gives `file` a second name, so that it outlives its replacement. Done again after a crash, it
// replaces what the first try left. Both must lie on one file system. Errors: internal.
Result<void> PinFile(const std::filesystem::path& file, const std::filesystem::path& pinned);

// Moves a file or folder, already synced, to its place, which is durable when this returns. Both
// must lie on one file system. Errors: internal.
Result<void> MoveToPlace(const std::filesystem::path& made, const std::filesystem::path& place);

}  // namespace usher::personalize
