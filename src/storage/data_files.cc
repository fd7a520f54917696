#include "storage/data_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/random.h"

namespace usher::storage {
namespace {

constexpr std::size_t kBufferBytes = 256U << 10;
// Written bytes are handed to the disk this often, so that the sync at the end is short.
constexpr std::uint64_t kWriteBehindBytes = 32U << 20;
constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kNameLength = 2 * kHashDigits + 1;  // hash-random
constexpr const char* kNewFolder = "new";
constexpr const char* kInUseMark = "in-use";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// MD5 or SHA-256 of bytes that come in parts.
class Hash {
 public:
  explicit Hash(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    Check(context_ && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1,
          "MD5 and SHA-256 are built into OpenSSL");
  }
  void Update(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string Hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    return HexEncode({reinterpret_cast<const char*>(digest), size});
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::string NewName(std::string_view owner) {
  Hash hash(EVP_sha256());
  hash.Update(owner);
  return hash.Hex().substr(0, kHashDigits) + "-" + SecureHex(kHashDigits / 2);
}

// Documents name files, so what they say is checked before it is used in a path.
bool IsName(std::string_view name) {
  return name.size() == kNameLength && name[kHashDigits] == '-' &&
         name.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

std::string PlaceOf(std::string_view name) {
  return std::string(name.substr(0, 2)) + "/" + std::string(name);
}
std::string NewPlaceOf(std::string_view name) {
  return std::string(kNewFolder) + "/" + std::string(name);
}

Result<void> WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError("cannot write object data", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> Sync(int fd) {
  if (fsync(fd) != 0) return SystemError("cannot sync object data", errno);
  return {};
}

// Names in a folder, without "." and "..".
Result<std::vector<std::string>> NamesIn(int folder_fd) {
  const int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open the object folder", errno);
  DIR* folder = fdopendir(fd);
  if (!folder) {
    const int error_number = errno;
    close(fd);
    return SystemError("cannot list the object folder", error_number);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error_number = errno;
  closedir(folder);
  if (error_number != 0) return SystemError("cannot list the object folder", error_number);
  return names;
}

class DataFileSource final : public ByteSource {
 public:
  DataFileSource(FileDescriptor fd, FileRange range, std::optional<std::string> sha256)
      : fd_(std::move(fd)), range_(std::move(range)), sha256_(std::move(sha256)) {
    if (sha256_) hash_.emplace(EVP_sha256());
  }

  Result<std::size_t> Read(std::span<char> buffer) override {
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range_.size - at_));
    if (want == 0) return std::size_t{0};
    while (true) {
      const ssize_t got =
          pread(fd_.get(), buffer.data(), want, static_cast<off_t>(range_.offset + at_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError("cannot read object data", errno);
      if (got == 0) return Corrupt("stored object data is shorter than recorded");
      at_ += static_cast<std::uint64_t>(got);
      if (hash_) hash_->Update({buffer.data(), static_cast<std::size_t>(got)});
      // Checked before the last bytes are given out: a reader that stops at the promised size
      // must not miss it.
      if (at_ == range_.size && hash_ && hash_->Hex() != *sha256_) {
        return Corrupt("stored object data does not match its SHA-256");
      }
      return static_cast<std::size_t>(got);
    }
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return range_.size; }
  [[nodiscard]] std::optional<FileRange> file() const override { return range_; }

 private:
  FileDescriptor fd_;
  FileRange range_;
  std::optional<std::string> sha256_;
  std::optional<Hash> hash_;
  std::uint64_t at_ = 0;
};

}  // namespace

std::string Md5Hex(std::string_view bytes) {
  Hash hash(EVP_md5());
  hash.Update(bytes);
  return hash.Hex();
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : files_(std::exchange(other.files_, nullptr)), file_(std::move(other.file_)) {}

StagedFile& StagedFile::operator=(StagedFile&& other) noexcept {
  std::swap(files_, other.files_);
  std::swap(file_, other.file_);
  return *this;
}

StagedFile::~StagedFile() {
  // A failure leaves it in the folder that the next start empties.
  if (files_) (void)unlinkat(files_->fd_, NewPlaceOf(file_.name).c_str(), 0);
}

Result<std::unique_ptr<DataFiles>> DataFiles::Open(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make the object folder", errno);
  }
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return SystemError("cannot open the object folder", errno);
  std::unique_ptr<DataFiles> files(new DataFiles(folder, fd));
  if (mkdirat(fd, kNewFolder, 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make a folder for new objects", errno);
  }

  const FileDescriptor mark(
      openat(fd, kInUseMark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (mark.get() < 0 && errno != EEXIST) {
    return SystemError("cannot mark the object folder as in use", errno);
  }
  files->unknown_files_ = mark.get() < 0;
  if (auto synced = Sync(fd); !synced) return synced.error();

  const auto new_folder = files->OpenBeneath(kNewFolder, O_RDONLY | O_DIRECTORY);
  if (!new_folder) return new_folder.error();
  const FileDescriptor new_fd(*new_folder);
  const auto left = NamesIn(new_fd.get());
  if (!left) return left.error();
  for (const std::string& name : *left) {
    if (unlinkat(new_fd.get(), name.c_str(), 0) != 0) {
      return SystemError("cannot remove an unfinished object", errno);
    }
  }
  return files;
}

DataFiles::~DataFiles() {
  // Staying marked costs the next start a look at every file and is otherwise harmless.
  if (!unknown_files_) (void)unlinkat(fd_, kInUseMark, 0);
  close(fd_);
}

Result<std::size_t> DataFiles::RemoveUnknown(
    const std::function<bool(const std::string&)>& is_known) {
  const auto folders = NamesIn(fd_);
  if (!folders) return folders.error();
  std::size_t removed = 0;
  for (const std::string& folder : *folders) {
    if (folder == kNewFolder || folder == kInUseMark) continue;
    const auto opened = OpenBeneath(folder, O_RDONLY | O_DIRECTORY);
    if (!opened) return opened.error();
    const FileDescriptor folder_fd(*opened);
    const auto names = NamesIn(folder_fd.get());
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (!IsName(name) || is_known(name)) continue;  // what is not ours is left alone
      if (unlinkat(folder_fd.get(), name.c_str(), 0) != 0) {
        return SystemError("cannot remove unknown object data", errno);
      }
      ++removed;
    }
  }
  unknown_files_ = false;
  return removed;
}

Result<StagedFile> DataFiles::Stage(ByteSource& source, std::string_view owner,
                                    std::uint64_t max_bytes) const {
  const auto too_large = [&] {
    return LimitExceeded("object data may have " + std::to_string(max_bytes) + " bytes");
  };
  if (source.size().value_or(0) > max_bytes) return too_large();

  StagedFile staged(nullptr, {.name = NewName(owner)});
  const auto opened = OpenBeneath(NewPlaceOf(staged.file_.name), O_WRONLY | O_CREAT | O_EXCL);
  if (!opened) return opened.error();
  const FileDescriptor fd(*opened);
  staged.files_ = this;

  Hash md5(EVP_md5());
  Hash sha256(EVP_sha256());
  std::vector<char> buffer(kBufferBytes);
  std::uint64_t& size = staged.file_.size;
  std::uint64_t handed_over = 0;
  while (true) {
    const auto got = source.Read(buffer);
    if (!got) return got.error();
    if (*got == 0) break;
    if (*got > max_bytes - size) return too_large();
    const std::string_view bytes(buffer.data(), *got);
    md5.Update(bytes);
    sha256.Update(bytes);
    if (auto written = WriteAll(fd.get(), bytes); !written) return written.error();
    size += *got;
    if (size - handed_over >= kWriteBehindBytes) {
      // Only a hint; the sync below is what counts and what is checked.
      (void)sync_file_range(fd.get(), static_cast<off_t>(handed_over),
                            static_cast<off_t>(size - handed_over), SYNC_FILE_RANGE_WRITE);
      handed_over = size;
    }
  }
  if (auto synced = Sync(fd.get()); !synced) return synced.error();
  staged.file_.md5 = md5.Hex();
  staged.file_.sha256 = sha256.Hex();
  return staged;
}

Result<StagedFile> DataFiles::StageCopy(const DataFile& file, std::string_view owner) const {
  if (!IsName(file.name)) return Corrupt("a document names object data that cannot exist");
  StagedFile staged(nullptr, file);
  staged.file_.name = NewName(owner);
  if (linkat(fd_, PlaceOf(file.name).c_str(), fd_, NewPlaceOf(staged.file_.name).c_str(), 0) == 0) {
    staged.files_ = this;
    return staged;
  }
  const int error_number = errno;
  if (error_number == ENOENT) return NotFound("the object data is gone");
  // EMLINK: too many names; EPERM: a file system without hard links. Then the bytes are copied.
  const auto source = Read(file, 0, file.size);
  if (!source) return source.error();
  return Stage(**source, owner, file.size);
}

Result<DataFile> DataFiles::Publish(StagedFile staged) const {
  Check(staged.files_ == this, "a file is published once, where it was staged");
  const std::string& name = staged.file_.name;
  const std::string folder = name.substr(0, 2);
  const std::string from = NewPlaceOf(name);
  const std::string to = PlaceOf(name);
  if (renameat(fd_, from.c_str(), fd_, to.c_str()) != 0) {
    if (errno != ENOENT) return SystemError("cannot place object data", errno);
    if (mkdirat(fd_, folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return SystemError("cannot make a folder for object data", errno);
    }
    if (auto synced = Sync(fd_); !synced) return synced.error();
    if (renameat(fd_, from.c_str(), fd_, to.c_str()) != 0) {
      return SystemError("cannot place object data", errno);
    }
  }
  staged.files_ = nullptr;
  if (auto synced = SyncFolder(folder); !synced) {
    Remove(name);
    return synced.error();
  }
  return std::move(staged.file_);
}

Result<std::unique_ptr<ByteSource>> DataFiles::Read(const DataFile& file, std::uint64_t offset,
                                                    std::uint64_t size) const {
  Check(offset <= file.size && size <= file.size - offset, "the range lies within the file");
  if (!IsName(file.name)) return Corrupt("a document names object data that cannot exist");
  const auto opened = OpenBeneath(PlaceOf(file.name), O_RDONLY);
  if (!opened) return opened.error();
  FileDescriptor fd(*opened);
  const bool whole = offset == 0 && size == file.size;
  return std::unique_ptr<ByteSource>(std::make_unique<DataFileSource>(
      std::move(fd), FileRange{folder_ + "/" + PlaceOf(file.name), offset, size},
      whole ? std::optional(file.sha256) : std::nullopt));
}

void DataFiles::Remove(const std::string& name) const {
  if (!IsName(name)) return;
  if (unlinkat(fd_, PlaceOf(name).c_str(), 0) == 0 || errno == ENOENT) return;
  unknown_files_ = true;
  Log(LogLevel::kWarning, "object data could not be removed",
      {{"file", name}, {"reason", SystemError("unlink", errno).message}});
}

Result<int> DataFiles::OpenBeneath(const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? 0600 : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  long fd = syscall(SYS_openat2, fd_, path.c_str(), &how, sizeof how);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
    // Kernels before 5.6 and some sandboxes lack it. Our paths hold no ".." by construction.
    fd = openat(fd_, path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, how.mode);
  }
  if (fd < 0) {
    if (errno == ENOENT) return NotFound("object data is gone");
    return SystemError("cannot open object data", errno);
  }
  return static_cast<int>(fd);
}

Result<void> DataFiles::SyncFolder(const std::string& path) const {
  const auto opened = OpenBeneath(path, O_RDONLY | O_DIRECTORY);
  if (!opened) return opened.error();
  const FileDescriptor fd(*opened);
  return Sync(fd.get());
}

}  // namespace usher::storage
