#include "base/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace usher {

Result<std::size_t> StringSource::Read(std::span<char> buffer) {
  const std::size_t count = std::min(buffer.size(), bytes_.size() - at_);
  std::memcpy(buffer.data(), bytes_.data() + at_, count);
  at_ += count;
  return count;
}

Result<std::shared_ptr<ByteSource>> FileSource::Open(std::string path, std::uint64_t offset,
                                                     std::optional<std::uint64_t> size) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return SystemError("cannot open a stored file", errno);
  struct stat info{};
  if (fstat(fd, &info) != 0) {
    const Error error = SystemError("cannot read a stored file's size", errno);
    close(fd);
    return error;
  }
  const auto length = static_cast<std::uint64_t>(info.st_size);
  if (offset > length || (size && *size > length - offset)) {
    close(fd);
    return Corrupt("a stored file is shorter than recorded");
  }
  const std::uint64_t count = size.value_or(length - offset);
  return std::shared_ptr<ByteSource>(new FileSource(fd, {std::move(path), offset, count}));
}

FileSource::~FileSource() { close(fd_); }

Result<std::size_t> FileSource::Read(std::span<char> buffer) {
  const auto want =
      static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range_.size - at_));
  if (want == 0) return std::size_t{0};
  while (true) {
    const ssize_t got = pread(fd_, buffer.data(), want, static_cast<off_t>(range_.offset + at_));
    if (got > 0) {
      at_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (got == 0) return Corrupt("a stored file became shorter while it was read");
    if (errno != EINTR) return SystemError("cannot read a stored file", errno);
  }
}

Result<std::string> ReadAll(ByteSource& source, std::size_t limit) {
  std::string all;
  std::array<char, 65536> buffer;
  while (true) {
    const auto got = source.Read(buffer);
    if (!got) return got.error();
    if (*got == 0) return all;
    if (*got > limit - all.size()) {
      return LimitExceeded("the body is larger than " + std::to_string(limit) + " bytes");
    }
    all.append(buffer.data(), *got);
  }
}

}  // namespace usher
