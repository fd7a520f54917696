#include "base/folders.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace usher {
namespace {

namespace fs = std::filesystem;

}  // namespace

void SetFolderModes(const std::string& folder, mode_t mode) {
  std::vector<fs::path> folders{folder};
  while (!folders.empty()) {
    const fs::path one = std::move(folders.back());
    folders.pop_back();
    chmod(one.c_str(), mode);  // before it is read: what it held back may be just that
    std::error_code ignored;
    for (fs::directory_iterator it(one, ignored), end; it != end; it.increment(ignored)) {
      std::error_code unknown;
      if (it->symlink_status(unknown).type() == fs::file_type::directory) {
        folders.push_back(it->path());
      }
    }
  }
}

Result<void> RemoveFolder(const std::string& folder) {
  SetFolderModes(folder, 0700);
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return Internal("cannot remove " + folder + ": " + error.message());
  return {};
}

}  // namespace usher
