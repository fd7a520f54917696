#include "mail/maildir.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/byte_source.h"
#include "base/encoding.h"
#include "base/log.h"

namespace usher::mail {
namespace {

constexpr std::array kParts{"tmp", "new", "cur"};
constexpr std::size_t kNameDigits = 32;

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return HexEncode({reinterpret_cast<const char*>(digest.data()), size});
}

// Names before the ':' that begins a mail program's flags.
std::string_view WithoutFlags(std::string_view name) { return name.substr(0, name.find(':')); }

struct CloseFd {
  int fd;
  ~CloseFd() {
    if (fd >= 0) ::close(fd);
  }
};

Result<void> SyncFolder(const std::string& path) {
  const CloseFd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) {
    return SystemError("the folder of mails cannot be synced", errno);
  }
  return {};
}

Result<void> WriteSynced(const std::string& path, std::string_view text) {
  const CloseFd file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.fd < 0) return SystemError("a mail cannot be written", errno);
  while (!text.empty()) {
    const ssize_t written = ::write(file.fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError("a mail cannot be written", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd) != 0) return SystemError("a mail cannot be synced", errno);
  return {};
}

std::int64_t Nanos(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::string MailFileName(const Mail& mail) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(mail.date).time_since_epoch();
  return std::to_string(seconds.count()) + "." + Sha256Hex(mail.message_id).substr(0, kNameDigits) +
         ".usher";
}

Result<std::unique_ptr<Maildir>> Maildir::Open(const std::string& folder) {
  std::error_code error;
  for (const char* part : kParts) {
    std::filesystem::create_directories(folder + "/" + part, error);
    if (error) return SystemError("the folder of mails cannot be made", error.value());
    std::filesystem::permissions(folder + "/" + part, std::filesystem::perms::owner_all, error);
  }
  if (const auto synced = SyncFolder(folder); !synced) return synced.error();
  return std::unique_ptr<Maildir>(new Maildir(folder));
}

Result<bool> Maildir::IsThere(const std::string& name) {
  if (::access((folder_ + "/new/" + name).c_str(), F_OK) == 0) return true;
  // Mail programs move what was read to cur/ and add flags to the name.
  const std::string cur = folder_ + "/cur";
  struct stat status{};
  if (::stat(cur.c_str(), &status) != 0) {
    return SystemError("the folder of mails cannot be read", errno);
  }
  const std::scoped_lock lock(mutex_);
  if (const std::int64_t changed = Nanos(status.st_mtim); changed != read_changed_) {
    read_.clear();
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(cur, error)) {
      read_.emplace(WithoutFlags(entry.path().filename().native()));
    }
    if (error) return SystemError("the folder of mails cannot be read", error.value());
    read_changed_ = changed;
  }
  return read_.contains(name);
}

Result<void> Maildir::Deliver(const Mail& mail, std::string_view text) {
  const std::string name = MailFileName(mail);
  const auto there = IsThere(name);
  if (!there) return there.error();
  if (!*there) {
    const std::string staged = folder_ + "/tmp/" + name;
    if (auto written = WriteSynced(staged, text); !written) return written;
    if (::rename(staged.c_str(), (folder_ + "/new/" + name).c_str()) != 0) {
      return SystemError("a mail cannot be put into its place", errno);
    }
  }
  // Also when it was there: an earlier attempt may have ended before this.
  return SyncFolder(folder_ + "/new");
}

Result<std::vector<StoredMail>> ReadMaildir(const std::string& folder) {
  std::vector<StoredMail> mails;
  for (const char* part : {"new", "cur"}) {
    std::error_code error;
    const std::string path = folder + "/" + part;
    if (!std::filesystem::exists(path, error)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      const std::string name = entry.path().filename().native();
      const auto file = FileSource::Open(entry.path().native());
      if (!file) continue;  // moved by a mail program in between
      const auto text = ReadAll(**file, kMaxMailFileBytes);
      auto mail = text ? Parse(*text) : Result<Mail>(text.error());
      if (!mail) {
        Log(LogLevel::kWarning, "not a mail", {{"file", name}, {"why", mail.error().message}});
        continue;
      }
      mails.push_back({std::string(WithoutFlags(name)), *std::move(mail)});
    }
    if (error) return SystemError("the folder of mails cannot be read", error.value());
  }
  std::ranges::sort(mails, [](const StoredMail& a, const StoredMail& b) {
    return std::pair(a.mail.date, std::string_view(a.name)) <
           std::pair(b.mail.date, std::string_view(b.name));
  });
  return mails;
}

}  // namespace usher::mail
