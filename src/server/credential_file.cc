#include "server/credential_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/random.h"
#include "base/unique_fd.h"
#include "json/json.h"
#include "wire/dispatcher.h"

namespace usher::server {
namespace {

constexpr std::size_t kMaxFileBytes = 4096;
constexpr std::size_t kSecretBytes = 20;  // 40 characters, as AWS has

std::string PathIn(const std::string& folder) { return folder + "/credentials.json"; }

// "AKIA" and 16 characters of the base32 alphabet, the form that clients and scanners know.
std::string NewAccessKeyId() {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::array<unsigned char, 16> bytes{};
  SecureRandom(bytes);
  std::string id = "AKIA";
  for (const unsigned char byte : bytes) id += alphabet[byte % alphabet.size()];
  return id;
}

Result<std::string> ReadSmallFile(int fd) {
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read the credentials file", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileBytes) return InvalidInput("credentials.json is too large to be ours");
  text.resize(size);
  return text;
}

Result<void> WriteWhole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write the credentials file", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(fd) != 0) return SystemError("cannot write the credentials file", errno);
  return {};
}

Result<void> SyncFolder(const std::string& folder) {
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) {
    return SystemError("cannot write the credentials file", errno);
  }
  return {};
}

// Appears under its name whole or not at all, and never in place of one that is there.
Result<void> Create(const std::string& folder) {
  ValueMap content;
  content.Append("accessKeyId", NewAccessKeyId());
  content.Append("secretAccessKey", SecureHex(kSecretBytes));
  const std::string temporary = PathIn(folder) + "." + SecureHex(8) + ".tmp";
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemError("cannot make the credentials file", errno);
  Result<void> made = WriteWhole(fd.get(), json::Write(content) + "\n");
  if (made && link(temporary.c_str(), PathIn(folder).c_str()) != 0 && errno != EEXIST) {
    made = SystemError("cannot make the credentials file", errno);
  }
  unlink(temporary.c_str());
  if (!made) return made;
  return SyncFolder(folder);
}

}  // namespace

Result<CredentialFile> CredentialFile::Load(const std::string& folder) {
  const UniqueFd fd(open(PathIn(folder).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (fd.get() < 0 && errno == ENOENT) return NotFound("there is no credentials.json");
  struct stat info{};
  if (fd.get() < 0 || fstat(fd.get(), &info) != 0) {
    return SystemError("cannot open credentials.json", errno);
  }
  if ((info.st_mode & 077) != 0) {
    return AccessDenied(
        "credentials.json in the data folder may be read by others: make it private with chmod 600 "
        "and, if others have used this machine, delete it for a new key");
  }
  const auto text = ReadSmallFile(fd.get());
  if (!text) return text.error();
  const auto content = json::Parse(*text);
  const Value* id = content ? content->Find("accessKeyId") : nullptr;
  const Value* secret = content ? content->Find("secretAccessKey") : nullptr;
  if (id == nullptr || id->as_string() == nullptr || id->as_string()->empty() ||
      secret == nullptr || secret->as_string() == nullptr || secret->as_string()->empty()) {
    return InvalidInput(
        "credentials.json in the data folder is not {\"accessKeyId\": …, \"secretAccessKey\": …}: "
        "correct it, or delete it for a new key");
  }
  CredentialFile file;
  file.access_key_id_ = *id->as_string();
  file.secret_access_key_ = *secret->as_string();
  return file;
}

Result<CredentialFile> CredentialFile::LoadOrCreate(const std::string& folder) {
  auto file = Load(folder);
  if (file || file.error().code != ErrorCode::kNotFound) return file;
  if (const auto created = Create(folder); !created) return created.error();
  return Load(folder);
}

std::optional<wire::Credentials::Key> CredentialFile::Find(std::string_view access_key_id) const {
  if (access_key_id != access_key_id_) return std::nullopt;
  return Key{.secret = secret_access_key_,
             .session_token = "",
             .arn = "arn:aws:iam::" + std::string(wire::kAccountId) + ":root"};
}

}  // namespace usher::server
