#include "storage/bounded_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <ranges>

#include "base/log.h"

namespace usher::storage {
namespace {

constexpr std::size_t kHeadBytes = 9;
constexpr std::size_t kUnsortedMost = 4096;  // looked through one by one
constexpr std::string_view kSuffix = ".log";

std::uint32_t Fnv(std::string_view bytes) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x01000193;
  }
  return hash;
}

void PutU32(char* out, std::uint32_t number) {
  for (int byte = 0; byte < 4; ++byte) out[byte] = static_cast<char>(number >> (8 * byte));
}

std::uint32_t GetU32(const char* in) {
  std::uint32_t number = 0;
  for (int byte = 0; byte < 4; ++byte) {
    number |= std::uint32_t{static_cast<unsigned char>(in[byte])} << (8 * byte);
  }
  return number;
}

struct Head {
  std::uint32_t check = 0;
  std::uint32_t value_bytes = 0;
  std::size_t key_bytes = 0;

  [[nodiscard]] std::size_t record_bytes() const { return kHeadBytes + key_bytes + value_bytes; }
};

Head HeadOf(const char* bytes) {
  return {.check = GetU32(bytes),
          .value_bytes = GetU32(bytes + 4),
          .key_bytes = static_cast<unsigned char>(bytes[8])};
}

void AppendRecord(std::string& out, std::string_view key, std::string_view value) {
  const std::size_t at = out.size();
  out.append(kHeadBytes, '\0');
  PutU32(out.data() + at + 4, static_cast<std::uint32_t>(value.size()));
  out[at + 8] = static_cast<char>(key.size());
  out.append(key).append(value);
  PutU32(out.data() + at, Fnv(std::string_view(out).substr(at + 4)));
}

// Reads exactly `size` bytes; false at the end of the file.
Result<bool> ReadAt(int fd, std::size_t offset, char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::pread(fd, out, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read a log", errno);
    if (got == 0) return false;
    out += got;
    offset += static_cast<std::size_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<BoundedLog>> BoundedLog::Open(std::string folder, Limits limits) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make the folder of a log", errno);
  }
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    std::uint64_t number = 0;
    const char* end = name.data() + name.size() - kSuffix.size();
    const auto [stop, bad] = std::from_chars(name.data(), end, number, 16);
    if (bad == std::errc() && stop == end) numbers.push_back(number);
  }
  if (error) return Internal("cannot list the folder of a log: " + error.message());
  std::ranges::sort(numbers);

  std::unique_ptr<BoundedLog> log(new BoundedLog(std::move(folder), limits));
  for (const std::uint64_t number : numbers) {
    if (auto opened = log->OpenSegment(number); !opened) return opened.error();
    if (auto scanned = log->Scan(log->segments_.back()); !scanned) return scanned.error();
  }
  if (log->segments_.empty()) {
    if (auto opened = log->OpenSegment(0); !opened) return opened.error();
  }
  return log;
}

BoundedLog::~BoundedLog() {
  for (const Segment& segment : segments_) ::close(segment.fd);
}

std::string BoundedLog::PathOf(std::uint64_t number) const {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return folder_ + "/" + digits.data() + std::string(kSuffix);
}

Result<void> BoundedLog::OpenSegment(std::uint64_t number) {
  const int fd = ::open(PathOf(number).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError("cannot open a log", errno);
  segments_.push_back({.number = number, .fd = fd, .bytes = 0, .entries = {}, .sorted = 0});
  return {};
}

// Finds the records of a file and cuts off what is none.
Result<void> BoundedLog::Scan(Segment& segment) const {
  struct stat status{};
  if (::fstat(segment.fd, &status) != 0) return SystemError("cannot look at a log", errno);
  const auto size = static_cast<std::size_t>(status.st_size);
  std::string bytes(size, '\0');
  const auto read = ReadAt(segment.fd, 0, bytes.data(), size);
  if (!read) return read.error();
  std::size_t offset = 0;
  while (offset + kHeadBytes <= size) {
    const Head head = HeadOf(bytes.data() + offset);
    if (head.value_bytes > kMaxLogValueBytes || offset + head.record_bytes() > size) break;
    const std::string_view record(bytes.data() + offset, head.record_bytes());
    if (Fnv(record.substr(4)) != head.check) break;
    segment.entries.push_back(
        {Fnv(record.substr(kHeadBytes, head.key_bytes)), static_cast<std::uint32_t>(offset)});
    offset += head.record_bytes();
  }
  if (offset < size) {
    Log(LogLevel::kWarning, "a log ends in a torn record, which is cut off",
        {{"file", PathOf(segment.number)}, {"bytes", std::to_string(size - offset)}});
    if (::ftruncate(segment.fd, static_cast<off_t>(offset)) != 0) {
      return SystemError("cannot cut a log", errno);
    }
  }
  segment.bytes = offset;
  Sort(segment);
  return {};
}

void BoundedLog::Sort(Segment& segment) {
  std::ranges::sort(segment.entries, {},
                    [](const Entry& entry) { return std::pair(entry.hash, entry.offset); });
  segment.sorted = segment.entries.size();
}

// Begins a new segment, then lets the oldest go.
Result<void> BoundedLog::Rotate() {
  Sort(segments_.back());
  if (auto opened = OpenSegment(segments_.back().number + 1); !opened) return opened;
  while (segments_.size() > limits_.segments) {
    if (auto removed = RemoveOldest(); !removed) return removed;
  }
  return {};
}

Result<void> BoundedLog::RemoveOldest() {
  if (::unlink(PathOf(segments_.front().number).c_str()) != 0 && errno != ENOENT) {
    return SystemError("cannot remove an old log", errno);
  }
  ::close(segments_.front().fd);
  segments_.pop_front();
  return {};
}

Result<void> BoundedLog::Forget(Time oldest) {
  const std::unique_lock lock(mutex_);
  while (segments_.size() > 1) {
    struct stat status{};
    if (::fstat(segments_.front().fd, &status) != 0) {
      return SystemError("cannot look at a log", errno);
    }
    if (std::int64_t{status.st_mtim.tv_sec} * 1000 >= EpochMillis(oldest)) return {};
    if (auto removed = RemoveOldest(); !removed) return removed;
  }
  return {};
}

Result<void> BoundedLog::Append(std::string_view key, std::string_view value) {
  const Record record{.key = key, .value = value};
  return Append(std::span(&record, 1));
}

Result<void> BoundedLog::Append(std::span<const Record> records) {
  std::string bytes;
  for (const auto& [key, value] : records) {
    if (key.empty() || key.size() > kMaxLogKeyBytes) {
      return InvalidInput("a key of a log has 1 to " + std::to_string(kMaxLogKeyBytes) +
                          " bytes, got " + std::to_string(key.size()));
    }
    if (value.size() > kMaxLogValueBytes) {
      return InvalidInput("a value of a log has at most " + std::to_string(kMaxLogValueBytes) +
                          " bytes, got " + std::to_string(value.size()));
    }
    AppendRecord(bytes, key, value);
  }
  const std::unique_lock lock(mutex_);
  if (segments_.back().bytes >= limits_.segment_bytes) {
    if (auto rotated = Rotate(); !rotated) return rotated;
  }
  Segment& segment = segments_.back();
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t put = ::pwrite(segment.fd, bytes.data() + written, bytes.size() - written,
                                 static_cast<off_t>(segment.bytes + written));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const int reason = put < 0 ? errno : EIO;
      // The next record overwrites a part that stays.
      if (::ftruncate(segment.fd, static_cast<off_t>(segment.bytes)) != 0) {
        Log(LogLevel::kWarning, "a torn record stays in a log until the next one", {});
      }
      return SystemError("cannot write a log", reason);
    }
    written += static_cast<std::size_t>(put);
  }
  for (const auto& [key, value] : records) {
    segment.entries.push_back({Fnv(key), static_cast<std::uint32_t>(segment.bytes)});
    segment.bytes += kHeadBytes + key.size() + value.size();
  }
  if (segment.entries.size() - segment.sorted > std::max(kUnsortedMost, segment.sorted)) {
    Sort(segment);
  }
  return {};
}

Result<std::optional<std::string>> BoundedLog::Read(const Segment& segment, std::uint32_t offset,
                                                    std::string_view key) {
  std::array<char, kHeadBytes> bytes{};
  const auto read = ReadAt(segment.fd, offset, bytes.data(), bytes.size());
  if (!read) return read.error();
  const Head head = HeadOf(bytes.data());
  if (!*read || head.value_bytes > kMaxLogValueBytes) return Corrupt("a record of a log is torn");
  if (head.key_bytes != key.size()) return std::optional<std::string>();
  std::string record(head.record_bytes(), '\0');
  const auto whole = ReadAt(segment.fd, offset, record.data(), record.size());
  if (!whole) return whole.error();
  if (!*whole || Fnv(std::string_view(record).substr(4)) != head.check) {
    return Corrupt("a record of a log does not match its checksum");
  }
  if (record.compare(kHeadBytes, key.size(), key) != 0) return std::optional<std::string>();
  return std::optional(record.substr(kHeadBytes + key.size()));
}

Result<std::optional<std::string>> BoundedLog::Find(std::string_view key) const {
  const std::uint32_t hash = Fnv(key);
  const std::shared_lock lock(mutex_);
  for (const Segment& segment : std::views::reverse(segments_)) {
    const auto begin = segment.entries.begin();
    const auto sorted_end = begin + static_cast<std::ptrdiff_t>(segment.sorted);
    // Newest first: what came last, then of equal hashes the greatest offset.
    for (auto entry = segment.entries.end(); entry != sorted_end;) {
      --entry;
      if (entry->hash != hash) continue;
      auto value = Read(segment, entry->offset, key);
      if (!value || *value) return value;
    }
    auto entry = std::ranges::upper_bound(begin, sorted_end, hash, {}, &Entry::hash);
    while (entry != begin) {
      --entry;
      if (entry->hash != hash) break;
      auto value = Read(segment, entry->offset, key);
      if (!value || *value) return value;
    }
  }
  return std::optional<std::string>();
}

Result<std::vector<std::string>> BoundedLog::FindAll(std::string_view key,
                                                     std::size_t limit) const {
  const std::uint32_t hash = Fnv(key);
  std::vector<std::string> values;
  std::size_t bytes = 0;
  std::vector<std::uint32_t> offsets;
  const std::shared_lock lock(mutex_);
  for (const Segment& segment : segments_) {
    const auto begin = segment.entries.begin();
    const auto sorted_end = begin + static_cast<std::ptrdiff_t>(segment.sorted);
    offsets.clear();
    for (const Entry& entry : std::ranges::equal_range(begin, sorted_end, hash, {}, &Entry::hash)) {
      offsets.push_back(entry.offset);
    }
    for (auto entry = sorted_end; entry != segment.entries.end(); ++entry) {
      if (entry->hash == hash) offsets.push_back(entry->offset);
    }
    for (const std::uint32_t offset : offsets) {
      auto value = Read(segment, offset, key);
      if (!value) return value.error();
      if (!*value) continue;  // of another key with the same hash
      bytes += (*value)->size();
      if (bytes > limit) return values;
      values.push_back(**std::move(value));
    }
  }
  return values;
}

Result<void> BoundedLog::ForEach(const std::function<void(const Record& record)>& visit) const {
  std::string bytes;
  for (std::uint64_t number = 0;; ++number) {
    // Not under the lock while records are looked at: others append meanwhile.
    {
      const std::shared_lock lock(mutex_);
      const auto segment = std::ranges::lower_bound(segments_, number, {}, &Segment::number);
      if (segment == segments_.end()) return {};
      number = segment->number;
      bytes.resize(segment->bytes);
      const auto read = ReadAt(segment->fd, 0, bytes.data(), bytes.size());
      if (!read) return read.error();
      if (!*read) return Corrupt("a log is shorter than it was");
    }
    for (std::size_t offset = 0; offset < bytes.size();) {
      if (offset + kHeadBytes > bytes.size()) return Corrupt("a record of a log is torn");
      const Head head = HeadOf(bytes.data() + offset);
      if (offset + head.record_bytes() > bytes.size()) return Corrupt("a record of a log is torn");
      const std::string_view record(bytes.data() + offset + kHeadBytes,
                                    head.key_bytes + head.value_bytes);
      visit({.key = record.substr(0, head.key_bytes), .value = record.substr(head.key_bytes)});
      offset += head.record_bytes();
    }
  }
}

std::size_t BoundedLog::size() const {
  const std::shared_lock lock(mutex_);
  std::size_t records = 0;
  for (const Segment& segment : segments_) records += segment.entries.size();
  return records;
}

}  // namespace usher::storage
