#include "storage/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace usher::storage {
namespace {

constexpr mode_t kFolderMode = 0700;  // the owner alone: it holds keys and people's histories

// Every folder on the way to `path`, without following what is not a folder.
Result<void> MakeFolders(const std::string& path) {
  for (std::size_t end = path.find('/', 1); true; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return SystemError("cannot create data folder " + path, errno);
    }
    if (end == std::string::npos) break;
  }
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return SystemError("data folder " + path, errno);
  if (!S_ISDIR(status.st_mode)) return InvalidInput("data folder " + path + " is not a folder");
  return {};
}

std::string ReadHolder(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  if (size <= 0) return "unknown";
  return std::string(Trim({text.data(), static_cast<std::size_t>(size)}));
}

}  // namespace

Result<DataFolder> DataFolder::Open(const std::string& path) {
  if (path.empty()) return InvalidInput("the data folder's name is empty");
  if (auto made = MakeFolders(path); !made) return made.error();

  const std::string lock_file = path + "/lock";
  const int fd = open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError("cannot open the lock of data folder " + path, errno);
  DataFolder folder(path, fd);  // closes the file on each return below
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("cannot lock data folder " + path, errno);
    return InUse("data folder " + path + " is already in use by process " + ReadHolder(fd));
  }

  const std::string holder = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return SystemError("cannot write the lock of data folder " + path, errno);
  }
  for (const std::string& part :
       {folder.objects(), folder.datasets(), folder.models(), folder.jobs()}) {
    if (mkdir(part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return SystemError("cannot create a folder in data folder " + path, errno);
    }
  }
  return folder;
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) close(lock_);
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder& DataFolder::operator=(DataFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

}  // namespace usher::storage
