#include "services/lambda/zip.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/folders.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace usher::lambda {
namespace {

constexpr std::string_view kJunkFolder = "__MACOSX/";
constexpr std::size_t kCopyBytes = 64U << 10;
// The end record lies in the last bytes, before a comment of at most 65535.
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kMaxTailBytes = kEndBytes + 20 + 65535;
constexpr std::string_view kEndMark("PK\x05\x06", 4);
constexpr std::string_view kLocatorMark("PK\x06\x07", 4);  // of the zip64 end record
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kEnd64Bytes = 56;

struct Close {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Close>;
using File = std::unique_ptr<zip_file_t, Close>;

struct Entry {
  zip_uint64_t index = 0;
  std::string name;
  std::uint64_t size = 0;
  bool is_folder = false;
  bool is_executable = false;
};

Error NotAZip(std::string_view why) {
  return InvalidInput(
      "Could not unzip uploaded file. Please check your file, then try to upload again. (" +
      std::string(why) + ")");
}

Error BadEntry(std::string_view name, std::string_view why) {
  return NotAZip("the entry '" + std::string(name.substr(0, 200)) + "' " + std::string(why));
}

std::uint64_t LittleEndian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

// The number of entries by the end record, or by that of zip64 where it says 0xFFFF: looked at
// before libzip allocates for them. What it says wrongly, libzip refuses.
Result<std::uint64_t> PromisedEntries(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Internal("cannot open an archive");
  const auto size = static_cast<std::size_t>(file.tellg());
  std::string tail(std::min(size, kMaxTailBytes), '\0');
  file.seekg(static_cast<std::streamoff>(size - tail.size()));
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  const std::size_t at = tail.rfind(kEndMark);
  if (at == std::string::npos || tail.size() - at < kEndBytes) {
    return NotAZip("it is not a zip archive");
  }
  const std::uint64_t entries = LittleEndian(tail, at + 10, 2);
  if (entries != 0xFFFF || at < kLocatorBytes ||
      !std::string_view(tail).substr(at - kLocatorBytes).starts_with(kLocatorMark)) {
    return entries;
  }
  const std::uint64_t offset = LittleEndian(tail, at - kLocatorBytes + 8, 8);
  if (offset > size || size - offset < kEnd64Bytes) return NotAZip("its directory is not there");
  std::string record(kEnd64Bytes, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(record.data(), static_cast<std::streamsize>(record.size()));
  if (!file) return NotAZip("its directory is not there");
  return LittleEndian(record, 32, 8);
}

Error TooManyEntries(std::uint64_t count) {
  return NotAZip("it has " + std::to_string(count) + " entries, more than the " +
                 std::to_string(kMaxZipEntries) + " that are accepted");
}

Result<Archive> Open(const std::string& path) {
  const auto promised = PromisedEntries(path);
  if (!promised) return promised.error();
  if (*promised > kMaxZipEntries) return TooManyEntries(*promised);
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string words = zip_error_strerror(&error);
    zip_error_fini(&error);
    return NotAZip(words);
  }
  return archive;
}

Result<void> CheckName(std::string_view name) {
  if (name.empty() || name.size() > kMaxZipNameBytes) {
    return BadEntry(name, "has a name that is empty or longer than 1024 bytes");
  }
  if (name.front() == '/') return BadEntry(name, "has an absolute name");
  if (name.find('\\') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    return BadEntry(name, "has a backslash or a NUL in its name");
  }
  const std::string_view path = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == "." || part == "..") {
      return BadEntry(name, "has '.', '..' or an empty part in its name");
    }
  }
  return {};
}

Result<Entry> ReadEntry(zip_t& archive, zip_uint64_t index) {
  zip_stat_t stat;
  if (zip_stat_index(&archive, index, ZIP_FL_ENC_RAW, &stat) != 0 ||
      (stat.valid & ZIP_STAT_NAME) == 0 || (stat.valid & ZIP_STAT_SIZE) == 0) {
    return NotAZip("an entry cannot be read");
  }
  Entry entry{.index = index, .name = stat.name, .size = stat.size};
  if (const auto checked = CheckName(entry.name); !checked) return checked.error();
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
    return BadEntry(entry.name, "is encrypted");
  }
  if ((stat.valid & ZIP_STAT_COMP_METHOD) != 0 && stat.comp_method != ZIP_CM_STORE &&
      stat.comp_method != ZIP_CM_DEFLATE) {
    return BadEntry(entry.name, "is neither stored nor deflated");
  }
  entry.is_folder = entry.name.ends_with('/');
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(&archive, index, 0, &system, &attributes) == 0 &&
      system == ZIP_OPSYS_UNIX) {
    const mode_t mode = attributes >> 16;
    const mode_t kind = mode & S_IFMT;
    if (kind != 0 && kind != S_IFREG && kind != S_IFDIR) {
      return BadEntry(entry.name, "is neither a file nor a folder (a symbolic link?)");
    }
    entry.is_executable = (mode & 0111) != 0;
  }
  if (entry.name == "bootstrap") entry.is_executable = true;
  return entry;
}

Result<std::vector<Entry>> ReadEntries(zip_t& archive) {
  const zip_int64_t count = zip_get_num_entries(&archive, 0);
  if (count < 0 || static_cast<std::uint64_t>(count) > kMaxZipEntries) {
    return TooManyEntries(static_cast<std::uint64_t>(count));
  }
  std::vector<Entry> entries;
  std::set<std::string> names;
  std::uint64_t bytes = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    auto entry = ReadEntry(archive, i);
    if (!entry) return entry.error();
    if (entry->size > kMaxUnzippedBytes || (bytes += entry->size) > kMaxUnzippedBytes) {
      return InvalidInput("Unzipped size must be smaller than " +
                          std::to_string(kMaxUnzippedBytes) + " bytes");
    }
    if (entry->name.starts_with(kJunkFolder)) continue;
    if (!names.insert(entry->name).second) return BadEntry(entry->name, "is there twice");
    entries.push_back(*std::move(entry));
  }
  return entries;
}

ZipFacts FactsOf(const std::vector<Entry>& entries) {
  ZipFacts facts;
  for (const Entry& entry : entries) {
    facts.files += entry.is_folder ? 0 : 1;
    facts.bytes += entry.size;
  }
  return facts;
}

Result<void> WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot unpack an archive", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// The size that the directory gives is a promise that the content may break.
Result<void> ExtractFile(zip_t& archive, const Entry& entry, const std::string& path) {
  const File source(zip_fopen_index(&archive, entry.index, 0));
  if (!source) return BadEntry(entry.name, "cannot be read");
  const UniqueFd target(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                             entry.is_executable ? 0555 : 0444));
  if (target.get() < 0) {
    return errno == EEXIST || errno == ENOTDIR || errno == EISDIR || errno == ENAMETOOLONG
               ? BadEntry(entry.name, "cannot lie beside the others")
               : SystemError("cannot unpack an archive", errno);
  }
  std::array<char, kCopyBytes> buffer;
  std::uint64_t total = 0;
  while (true) {
    const zip_int64_t got = zip_fread(source.get(), buffer.data(), buffer.size());
    if (got < 0) return BadEntry(entry.name, "is damaged");
    if (got == 0) break;
    total += static_cast<std::uint64_t>(got);
    if (total > entry.size) return BadEntry(entry.name, "is longer than it says");
    const auto written =
        WriteAll(target.get(), std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    if (!written) return written.error();
  }
  if (total != entry.size) return BadEntry(entry.name, "is shorter than it says");
  return {};
}

Result<void> ExtractAll(zip_t& archive, const std::vector<Entry>& entries,
                        const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Internal("cannot unpack an archive: " + error.message());
  for (const Entry& entry : entries) {
    const std::filesystem::path path = std::filesystem::path(folder) / entry.name;
    std::filesystem::create_directories(entry.is_folder ? path : path.parent_path(), error);
    if (error) return BadEntry(entry.name, "cannot lie beside the others");
    if (entry.is_folder) continue;
    if (auto extracted = ExtractFile(archive, entry, path.string()); !extracted) return extracted;
  }
  return {};
}

}  // namespace

Result<ZipFacts> CheckZip(const std::string& path) {
  const auto archive = Open(path);
  if (!archive) return archive.error();
  const auto entries = ReadEntries(**archive);
  if (!entries) return entries.error();
  return FactsOf(*entries);
}

Result<ZipFacts> Unzip(const std::string& path, const std::string& folder) {
  const auto archive = Open(path);
  if (!archive) return archive.error();
  const auto entries = ReadEntries(**archive);
  if (!entries) return entries.error();
  if (const auto extracted = ExtractAll(**archive, *entries, folder); !extracted) {
    RemoveUnzipped(folder);
    return extracted.error();
  }
  SetFolderModes(folder, 0555);  // not to be written to while functions run in them
  return FactsOf(*entries);
}

void RemoveUnzipped(const std::string& folder) {
  if (const auto removed = RemoveFolder(folder); !removed) {
    Log(LogLevel::kWarning, "unpacked code stays", {{"reason", removed.error().message}});
  }
}

}  // namespace usher::lambda
