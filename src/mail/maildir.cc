#include "mail/maildir.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <functional>
#include <limits>

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

struct MailFile {
  std::string name;  // without flags
  std::string path;
  std::int64_t seconds = 0;  // that its name begins with; 0 when it was not named by us
};

// Errors: internal.
Result<std::vector<MailFile>> FilesOf(const std::string& folder) {
  std::vector<MailFile> files;
  for (const char* part : {"new", "cur"}) {
    std::error_code error;
    const std::string path = folder + "/" + part;
    if (!std::filesystem::exists(path, error)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      const std::string name = entry.path().filename().native();
      MailFile file{.name = std::string(WithoutFlags(name)), .path = entry.path().native()};
      std::from_chars(name.data(), name.data() + name.size(), file.seconds);
      files.push_back(std::move(file));
    }
    if (error) return SystemError("the folder of mails cannot be read", error.value());
  }
  return files;
}

// What is no mail is told in the log. Errors: not found when a mail program has moved it; invalid
// input.
Result<Mail> ReadFile(const std::string& path) {
  const auto file = FileSource::Open(path);
  if (!file) return NotFound("the mail is no longer there");
  const auto text = ReadAll(**file, kMaxMailFileBytes);
  auto mail = text ? Parse(*text) : Result<Mail>(text.error());
  if (!mail) {
    Log(LogLevel::kWarning, "not a mail",
        {{"file", std::filesystem::path(path).filename().native()}, {"why", mail.error().message}});
  }
  return mail;
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
  auto read = ReadNewestMails(folder, std::numeric_limits<std::size_t>::max());
  if (!read) return read.error();
  return std::move(read->mails);
}

Result<NewestMails> ReadNewestMails(const std::string& folder, std::size_t most) {
  auto files = FilesOf(folder);
  if (!files) return files.error();
  NewestMails newest{.mails = {}, .files = files->size()};
  if (files->size() > most) {
    const auto last = files->begin() + static_cast<std::ptrdiff_t>(most);
    std::ranges::nth_element(*files, last, std::ranges::greater(), &MailFile::seconds);
    files->erase(last, files->end());
  }
  for (const MailFile& file : *files) {
    auto mail = ReadFile(file.path);
    if (!mail) continue;
    newest.mails.push_back({file.name, *std::move(mail)});
  }
  std::ranges::sort(newest.mails, [](const StoredMail& a, const StoredMail& b) {
    return std::pair(a.mail.date, std::string_view(a.name)) <
           std::pair(b.mail.date, std::string_view(b.name));
  });
  return newest;
}

Result<Mail> ReadMail(const std::string& folder, std::string_view name) {
  const auto files = FilesOf(folder);
  if (!files) return files.error();
  const auto file = std::ranges::find(*files, name, &MailFile::name);
  if (file == files->end()) return NotFound("there is no mail " + std::string(name));
  return ReadFile(file->path);
}

}  // namespace usher::mail
