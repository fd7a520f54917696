#include "storage/event_segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace usher::storage {
namespace {

constexpr std::string_view kGrowingMagic = "USHEVT1\n";
constexpr std::string_view kSealedMagic = "USHEVS1\n";
constexpr std::string_view kDraftSuffix = ".new";
constexpr std::size_t kTrailerBytes = 8 + 4 + 8;
constexpr std::size_t kMaxBlockBytes = kBlockBytes + kMaxBatchBytes;
// Level 3 packs log lines nearly as well as 6 and three times as fast.
constexpr int kPackLevel = 3;

Result<void> ReadAt(int fd, std::uint64_t offset, char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::pread(fd, out, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read an event log", errno);
    if (got == 0) return Corrupt("a file of an event log is shorter than it was");
    out += got;
    offset += static_cast<std::size_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return {};
}

Result<void> WriteAt(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return SystemError("cannot write an event log", put < 0 ? errno : EIO);
    offset += static_cast<std::size_t>(put);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<std::string> Pack(std::string_view bytes) {
  uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(size, '\0');
  if (::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                  reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()),
                  kPackLevel) != Z_OK) {
    return Internal("cannot pack a block of an event log");
  }
  packed.resize(size);
  return packed;
}

StreamSpan SpanOf(BatchReader batch) {
  StreamSpan span{batch.first(), batch.first(), batch.ingested(), batch.count()};
  while (const auto event = batch.Next()) span.last = event->time;
  return span;
}

}  // namespace

void StreamSpan::Add(const StreamSpan& other) {
  if (other.events == 0) return;
  if (events == 0) {
    *this = other;
    return;
  }
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  ingested = std::max(ingested, other.ingested);
  events += other.events;
}

Result<void> SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open the folder of an event log", errno);
  const int failed = ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  if (failed != 0) return SystemError("cannot sync the folder of an event log", failed);
  return {};
}

EventSegment::EventSegment(std::string folder, std::uint64_t position, bool sealed)
    : folder_(std::move(folder)),
      position_(position),
      sealed_(sealed),
      end_(position + kSegmentHeadBytes),
      first_(std::numeric_limits<std::int64_t>::max()),
      last_(std::numeric_limits<std::int64_t>::min()) {}

EventSegment::~EventSegment() {
  if (fd_ >= 0) ::close(fd_);
}

std::string EventSegment::Path() const {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(position_));
  return folder_ + "/" + digits.data() + (sealed_ ? ".sealed" : ".events");
}

Result<void> EventSegment::Open(int flags) {
  fd_ = ::open(Path().c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return SystemError("cannot open a file of an event log", errno);
  return {};
}

Result<std::shared_ptr<EventSegment>> EventSegment::Create(const std::string& folder,
                                                           std::uint64_t position) {
  std::shared_ptr<EventSegment> segment(new EventSegment(folder, position, false));
  if (const auto opened = segment->Open(O_RDWR | O_CREAT | O_TRUNC); !opened) return opened.error();
  if (const auto put = WriteAt(segment->fd_, 0, kGrowingMagic); !put) return put.error();
  segment->file_bytes_ = kSegmentHeadBytes;
  if (const auto synced = segment->Sync(); !synced) return synced.error();
  if (const auto synced = SyncFolder(folder); !synced) return synced.error();
  return segment;
}

Result<std::shared_ptr<EventSegment>> EventSegment::OpenGrowing(const std::string& folder,
                                                                std::uint64_t position) {
  std::shared_ptr<EventSegment> segment(new EventSegment(folder, position, false));
  if (const auto opened = segment->Open(O_RDWR); !opened) return opened.error();
  if (const auto scanned = segment->ScanBatches(); !scanned) return scanned.error();
  return segment;
}

Result<std::shared_ptr<EventSegment>> EventSegment::OpenSealed(const std::string& folder,
                                                               std::uint64_t position) {
  std::shared_ptr<EventSegment> segment(new EventSegment(folder, position, true));
  if (const auto opened = segment->Open(O_RDONLY); !opened) return opened.error();
  if (const auto read = segment->ReadIndex(); !read) return read.error();
  // A log has many sealed files, of which few are read: they are opened for each reading.
  ::close(std::exchange(segment->fd_, -1));
  return segment;
}

// Finds the batches of a file and cuts off what is none.
Result<void> EventSegment::ScanBatches() {
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return SystemError("cannot look at an event log", errno);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (const auto read = ReadAt(fd_, 0, bytes.data(), bytes.size()); !read) return read.error();
  if (!bytes.starts_with(kGrowingMagic)) {
    // Torn when it was made: nothing was ever acknowledged from it.
    if (bytes.size() >= kSegmentHeadBytes) {
      return Corrupt("a file of an event log begins with something else");
    }
    if (const auto put = WriteAt(fd_, 0, kGrowingMagic); !put) return put.error();
    file_bytes_ = kSegmentHeadBytes;
    return Sync();
  }
  file_bytes_ = kSegmentHeadBytes;
  while (const auto batch = BatchReader::At(std::string_view(bytes).substr(file_bytes_), true)) {
    Note(batch->stream(), batch->bytes(), SpanOf(*batch));
  }
  if (file_bytes_ < bytes.size()) {
    Log(LogLevel::kWarning, "an event log ends in a torn batch, which is cut off",
        {{"file", Path()}, {"bytes", std::to_string(bytes.size() - file_bytes_)}});
    if (::ftruncate(fd_, static_cast<off_t>(file_bytes_)) != 0) {
      return SystemError("cannot cut an event log", errno);
    }
  }
  return Sync();
}

void EventSegment::Note(std::uint64_t stream, std::size_t bytes, const StreamSpan& span) {
  if (blocks_.empty() || blocks_.back().bytes >= kBlockBytes) {
    blocks_.push_back({end_, 0, file_bytes_, 0, span.first, span.last, 0});
  }
  EventBlock& block = blocks_.back();
  block.bytes += static_cast<std::uint32_t>(bytes);
  block.packed = block.bytes;
  block.first = std::min(block.first, span.first);
  block.last = std::max(block.last, span.last);
  block.streams |= StreamBit(stream);
  streams_[stream].Add(span);
  first_ = std::min(first_, span.first);
  last_ = std::max(last_, span.last);
  if (!began_) began_ = span.ingested;
  end_ += bytes;
  file_bytes_ += bytes;
}

Result<void> EventSegment::Append(const std::string& record, std::uint64_t stream,
                                  const StreamSpan& span) {
  Check(!sealed_, "a sealed segment does not grow");
  if (const auto put = WriteAt(fd_, file_bytes_, record); !put) {
    // The next batch overwrites a part that stays.
    if (::ftruncate(fd_, static_cast<off_t>(file_bytes_)) != 0) {
      Log(LogLevel::kWarning, "a torn batch stays in an event log until the next one", {});
    }
    return put.error();
  }
  Note(stream, record.size(), span);
  return {};
}

Result<void> EventSegment::Sync() const {
  if (::fdatasync(fd_) != 0) return SystemError("cannot sync an event log", errno);
  return {};
}

Result<void> EventSegment::Remove() const {
  if (::unlink(Path().c_str()) != 0 && errno != ENOENT) {
    return SystemError("cannot remove a file of an event log", errno);
  }
  return {};
}

Result<std::string_view> EventSegment::Read(const EventBlock& block, std::string& buffer) const {
  if (!sealed_) {
    buffer.resize(block.bytes);
    if (const auto read = ReadAt(fd_, block.offset, buffer.data(), block.bytes); !read) {
      return read.error();
    }
    return std::string_view(buffer);
  }
  const int fd = ::open(Path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return std::string_view();
  if (fd < 0) return SystemError("cannot open a file of an event log", errno);
  std::string packed(block.packed, '\0');
  const auto read = ReadAt(fd, block.offset, packed.data(), block.packed);
  ::close(fd);
  if (!read) return read.error();
  buffer.resize(block.bytes);
  uLongf size = block.bytes;
  if (::uncompress(reinterpret_cast<Bytef*>(buffer.data()), &size,
                   reinterpret_cast<const Bytef*>(packed.data()),
                   static_cast<uLong>(packed.size())) != Z_OK ||
      size != block.bytes) {
    return Corrupt("a block of an event log cannot be unpacked");
  }
  return std::string_view(buffer);
}

std::string EventSegment::Index(const std::vector<EventBlock>& blocks) const {
  std::string index;
  AppendVarint(index, blocks.size());
  for (const EventBlock& block : blocks) {
    AppendVarint(index, block.position);
    AppendVarint(index, block.bytes);
    AppendVarint(index, block.packed);
    AppendVarint(index, block.offset);
    AppendZigzag(index, block.first);
    AppendVarint(index, static_cast<std::uint64_t>(block.last - block.first));
    AppendU64(index, block.streams);
  }
  AppendVarint(index, streams_.size());
  for (const auto& [stream, span] : streams_) {
    AppendVarint(index, stream);
    AppendZigzag(index, span.first);
    AppendVarint(index, static_cast<std::uint64_t>(span.last - span.first));
    AppendVarint(index, static_cast<std::uint64_t>(span.ingested));
    AppendVarint(index, span.events);
  }
  AppendVarint(index, end_);
  return index;
}

Result<void> EventSegment::WriteSealed(int fd) const {
  std::uint64_t offset = kSealedMagic.size();
  if (const auto put = WriteAt(fd, 0, kSealedMagic); !put) return put;
  std::vector<EventBlock> blocks = blocks_;
  std::string buffer;
  for (EventBlock& block : blocks) {
    const auto bytes = Read(block, buffer);
    if (!bytes) return bytes.error();
    const auto packed = Pack(*bytes);
    if (!packed) return packed.error();
    if (const auto put = WriteAt(fd, offset, *packed); !put) return put;
    block.offset = offset;
    block.packed = static_cast<std::uint32_t>(packed->size());
    offset += packed->size();
  }
  std::string end = Index(blocks);
  const std::uint32_t check = Crc32(end);
  AppendU64(end, offset);
  AppendU32(end, check);
  end += kSealedMagic;
  if (const auto put = WriteAt(fd, offset, end); !put) return put;
  if (::fsync(fd) != 0) return SystemError("cannot sync an event log", errno);
  return {};
}

Result<std::shared_ptr<EventSegment>> EventSegment::Seal() const {
  const EventSegment sealed(folder_, position_, true);
  const std::string path = sealed.Path();
  const std::string draft = path + std::string(kDraftSuffix);
  const int fd = ::open(draft.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError("cannot open a file of an event log", errno);
  const auto written = WriteSealed(fd);
  ::close(fd);
  if (!written) {
    ::unlink(draft.c_str());
    return written.error();
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) {
    return SystemError("cannot name a file of an event log", errno);
  }
  if (const auto synced = SyncFolder(folder_); !synced) return synced.error();
  return OpenSealed(folder_, position_);
}

Result<void> EventSegment::ReadIndex() {
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return SystemError("cannot look at an event log", errno);
  file_bytes_ = static_cast<std::uint64_t>(status.st_size);
  const Error damaged = Corrupt("the index of a file of an event log is damaged");
  if (file_bytes_ < kSealedMagic.size() + kTrailerBytes) return damaged;
  std::array<char, kTrailerBytes> trailer{};
  const std::uint64_t end = file_bytes_ - kTrailerBytes;
  if (auto read = ReadAt(fd_, end, trailer.data(), trailer.size()); !read) return read;
  const std::uint64_t begin = ReadU64(trailer.data());
  if (std::string_view(trailer.data() + 12, kSealedMagic.size()) != kSealedMagic || begin > end) {
    return damaged;
  }
  std::string index(end - begin, '\0');
  if (auto read = ReadAt(fd_, begin, index.data(), index.size()); !read) return read;
  if (Crc32(index) != ReadU32(trailer.data() + 8) || !TakeIndex(index)) return damaged;
  return {};
}

// False when the index does not hold what it should.
bool EventSegment::TakeIndex(std::string_view index) {
  const auto take = [&index](auto& number) {
    const auto taken = TakeVarint(index);
    if (taken) number = static_cast<std::remove_reference_t<decltype(number)>>(*taken);
    return taken.has_value();
  };
  const auto take_times = [&](std::int64_t& first, std::int64_t& last) {
    const auto from = TakeZigzag(index);
    std::int64_t length = 0;
    if (!from || !take(length)) return false;
    first = *from;
    last = first + length;
    first_ = std::min(first_, first);
    last_ = std::max(last_, last);
    return true;
  };
  std::uint64_t count = 0;
  if (!take(count)) return false;
  for (; count > 0; --count) {
    EventBlock block;
    if (!take(block.position) || !take(block.bytes) || !take(block.packed) || !take(block.offset) ||
        !take_times(block.first, block.last) || index.size() < 8 || block.bytes > kMaxBlockBytes) {
      return false;
    }
    block.streams = ReadU64(index.data());
    index.remove_prefix(8);
    blocks_.push_back(block);
  }
  if (!take(count)) return false;
  for (; count > 0; --count) {
    std::uint64_t stream = 0;
    StreamSpan span;
    if (!take(stream) || !take_times(span.first, span.last) || !take(span.ingested) ||
        !take(span.events)) {
      return false;
    }
    streams_.emplace(stream, span);
  }
  return take(end_) && index.empty();
}

}  // namespace usher::storage
