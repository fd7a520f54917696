#include "services/personalize/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace usher::personalize {
namespace {

// A path that a resource's notes give relative to the data folder.
std::optional<std::filesystem::path> Noted(const Service& service, const ValueMap& extra,
                                           std::string_view name) {
  const Value* value = extra.Find(name);
  const std::string* relative = value ? value->as_string() : nullptr;
  if (!relative || relative->empty()) return std::nullopt;
  return std::filesystem::path(service.options.data_folder) / *relative;
}

}  // namespace

std::optional<std::filesystem::path> DatasetFile(const Service& service,
                                                 const Stored<api::Dataset>& dataset) {
  return Noted(service, dataset.extra, "file");
}

std::optional<std::filesystem::path> EventsFolderOf(const Service& service,
                                                    const Stored<api::Dataset>& dataset) {
  return Noted(service, dataset.extra, kEventsNote);
}

std::filesystem::path EventsFolder(const Service& service) {
  return std::filesystem::path(service.options.data_folder) / "events";
}

std::filesystem::path ModelsFolder(const Service& service) {
  return std::filesystem::path(service.options.data_folder) / "models";
}

std::optional<std::filesystem::path> ModelFolder(const Service& service,
                                                 const Stored<api::SolutionVersion>& version) {
  return Noted(service, version.extra, "model");
}

std::filesystem::path DatasetsFolder(const Service& service) {
  return std::filesystem::path(service.options.data_folder) / "datasets";
}

Result<void> SweepFolder(const std::filesystem::path& folder,
                         const std::vector<std::filesystem::path>& kept) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (std::ranges::find(kept, entry.path()) != kept.end()) continue;
    std::filesystem::remove_all(entry.path(), error);
    if (error) break;
    Log(LogLevel::kInfo, "removed files that nothing names",
        {{"name", entry.path().filename().string()}});
  }
  if (error) return Internal("cannot remove left-over files: " + error.message());
  return {};
}

Result<void> PinFile(const std::filesystem::path& file, const std::filesystem::path& pinned) {
  std::error_code error;
  std::filesystem::remove(pinned, error);
  if (error) return Internal("cannot replace a pinned file: " + error.message());
  std::filesystem::create_hard_link(file, pinned, error);
  if (error) return Internal("cannot pin a file: " + error.message());
  return {};
}

Result<void> MoveToPlace(const std::filesystem::path& made, const std::filesystem::path& place) {
  std::error_code error;
  std::filesystem::create_directories(place.parent_path(), error);
  if (!error) std::filesystem::rename(made, place, error);
  if (error) return Internal("cannot move a result to its place: " + error.message());

  const int folder = open(place.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return SystemError("cannot open a folder of results", errno);
  const int synced = fsync(folder);
  const int error_number = errno;
  close(folder);
  if (synced != 0) return SystemError("cannot sync a folder of results", error_number);
  return {};
}

}  // namespace usher::personalize
