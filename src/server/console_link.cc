#include "server/console_link.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/byte_source.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace usher::server {
namespace {

constexpr std::size_t kMaxLinkBytes = 1024;

std::string PathIn(const std::string& folder) { return folder + "/console-link"; }

}  // namespace

Result<void> WriteConsoleLink(const std::string& folder, const std::string& link) {
  const std::string path = PathIn(folder);
  const std::string temporary = path + ".tmp";
  ::unlink(temporary.c_str());
  const UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemError("cannot write the console's link", errno);
  const std::string text = link + "\n";
  const ssize_t written = ::write(fd.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    return SystemError("cannot write the console's link", errno);
  }
  return {};
}

Result<std::string> ReadConsoleLink(const std::string& folder) {
  const auto file = FileSource::Open(PathIn(folder));
  if (!file) return NotFound("there is no link to the console");
  const auto text = ReadAll(**file, kMaxLinkBytes);
  if (!text) return text.error();
  return std::string(Trim(*text));
}

void RemoveConsoleLink(const std::string& folder) { ::unlink(PathIn(folder).c_str()); }

}  // namespace usher::server
