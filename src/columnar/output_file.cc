#include "columnar/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace usher::columnar {
namespace {

std::string TemporaryName(const std::string& path) { return path + ".part"; }

// A rename is durable only once the folder that holds the name is.
Result<void> SyncFolderOf(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("opening the output folder", errno);
  const int synced = ::fsync(fd);
  const int reason = errno;
  ::close(fd);
  if (synced != 0) return SystemError("syncing the output folder", reason);
  return {};
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Create(std::string path) {
  const std::string temporary = TemporaryName(path);
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return SystemError("creating the output file", errno);
  return std::unique_ptr<OutputFile>(new OutputFile(fd, std::move(path)));
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!published_) ::unlink(TemporaryName(path_).c_str());
}

Result<void> OutputFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return SystemError("writing the output file", errno);
    }
    bytes_written_ += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> OutputFile::Publish() {
  // A failed fsync is final: the kernel may have dropped the pages, a second call would succeed.
  if (::fsync(fd_) != 0) return SystemError("syncing the output file", errno);
  if (::close(std::exchange(fd_, -1)) != 0) return SystemError("closing the output file", errno);
  if (std::rename(TemporaryName(path_).c_str(), path_.c_str()) != 0) {
    return SystemError("publishing the output file", errno);
  }
  published_ = true;
  return SyncFolderOf(path_);
}

}  // namespace usher::columnar
