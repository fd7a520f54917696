#include "storage/segments_source.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace usher::storage {

SegmentsSource::SegmentsSource(const DataFiles& files, std::shared_ptr<const void> hold,
                               const std::vector<Segment>& segments, std::uint64_t offset,
                               std::uint64_t size)
    : files_(files), hold_(std::move(hold)), size_(size) {
  for (const Segment& segment : segments) {
    const std::uint64_t bytes = segment.file.size;
    if (size == 0) break;
    if (offset >= bytes) {
      offset -= bytes;
      continue;
    }
    const std::uint64_t count = std::min(size, bytes - offset);
    ranges_.push_back({segment.file, offset, count});
    offset = 0;
    size -= count;
  }
  Check(size == 0, "the range lies within the object");
}

Result<std::size_t> SegmentsSource::Read(std::span<char> buffer) {
  while (current_) {
    const auto got = current_->Read(buffer);
    if (!got || *got > 0) return got;
    current_.reset();
    if (auto opened = OpenNext(); !opened) return opened.error();
  }
  return std::size_t{0};
}

std::optional<FileRange> SegmentsSource::file() const {
  if (ranges_.size() != 1 || !current_) return std::nullopt;
  return current_->file();
}

Result<void> SegmentsSource::OpenNext() {
  if (next_ == ranges_.size()) return {};
  const Range& range = ranges_[next_++];
  auto opened = files_.Read(range.file, range.offset, range.size);
  if (!opened) {
    if (opened.error().code == ErrorCode::kNotFound) return Corrupt(opened.error().message);
    return opened.error();
  }
  current_ = std::move(*opened);
  return {};
}

}  // namespace usher::storage
