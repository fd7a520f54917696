// EventSegment: a file of an event log. The newest one grows; the others are sealed: packed into
// compressed blocks behind which lies an index.
//
// A growing file, <16 hex digits>.events, is "USHEVT1\n" and then batches (storage/event_batch.h).
// The digits are the position of its first byte in the log; positions grow for ever, so that the
// position of a batch in it names that batch, also once it is sealed.
//
// A sealed file, <the same digits>.sealed, is
//   "USHEVS1\n"
//   blocks       zlib streams (RFC 1950), each of whole batches
//   index        varints: number of blocks, then for each: position, bytes, bytes when packed,
//                offset, first time (zigzag), last time minus first, streams (u64); number of
//                streams, then for each: stream, first time (zigzag), last time minus first,
//                ingested last, events; end position
//   u64 offset of the index, u32 CRC-32 of the index, "USHEVS1\n"
//
// Threads: reading from any thread; adding in one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "storage/event_batch.h"

namespace usher::storage {

inline constexpr std::size_t kBlockBytes = std::size_t{64}
                                           << 10;  // a block that has as many is full
inline constexpr std::size_t kSegmentHeadBytes = 8;

// Batches that lie side by side: what the index knows.
struct EventBlock {
  std::uint64_t position = 0;  // in the log
  std::uint32_t bytes = 0;
  std::uint64_t offset = 0;  // in the file
  std::uint32_t packed = 0;  // bytes in the file
  std::int64_t first = 0;    // time, ms
  std::int64_t last = 0;
  std::uint64_t streams = 0;  // StreamBit of each stream in it
};

struct StreamSpan {
  std::int64_t first = 0;  // times of its oldest and newest event, ms
  std::int64_t last = 0;
  std::int64_t ingested = 0;  // when the newest batch came in
  std::uint64_t events = 0;

  void Add(const StreamSpan& other);
};

[[nodiscard]] inline std::uint64_t StreamBit(std::uint64_t stream) {
  return std::uint64_t{1} << ((stream * 0x9E3779B97F4A7C15U) >> 58);
}

class EventSegment {
 public:
  // Makes the growing file that begins at `position`. Errors: internal.
  static Result<std::shared_ptr<EventSegment>> Create(const std::string& folder,
                                                      std::uint64_t position);
  // Opens a growing file; a torn end is cut off, with a line in the log. Errors: internal.
  static Result<std::shared_ptr<EventSegment>> OpenGrowing(const std::string& folder,
                                                           std::uint64_t position);
  // Errors: corrupt; internal.
  static Result<std::shared_ptr<EventSegment>> OpenSealed(const std::string& folder,
                                                          std::uint64_t position);
  ~EventSegment();
  EventSegment(const EventSegment&) = delete;
  EventSegment& operator=(const EventSegment&) = delete;

  // Writes a batch at the end, not synced. Errors: internal, after which nothing of it stays.
  Result<void> Append(const std::string& record, std::uint64_t stream, const StreamSpan& span);
  Result<void> Sync() const;
  // Writes the sealed file beside this one, durably, and opens it. This file stays. Errors:
  // corrupt; internal.
  [[nodiscard]] Result<std::shared_ptr<EventSegment>> Seal() const;
  Result<void> Remove() const;

  // The batches of a block, as long as `buffer` is not changed; nothing when the file was removed
  // since. Errors: corrupt; internal.
  Result<std::string_view> Read(const EventBlock& block, std::string& buffer) const;

  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }  // position behind the last batch
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }
  [[nodiscard]] bool sealed() const { return sealed_; }
  [[nodiscard]] const std::vector<EventBlock>& blocks() const { return blocks_; }
  [[nodiscard]] const std::unordered_map<std::uint64_t, StreamSpan>& streams() const {
    return streams_;
  }
  // Times of the oldest and newest event; of an empty segment the greatest and least number.
  [[nodiscard]] std::int64_t first() const { return first_; }
  [[nodiscard]] std::int64_t last() const { return last_; }
  // When the oldest batch came in; nullopt for an empty segment and a sealed one.
  [[nodiscard]] std::optional<std::int64_t> began() const { return began_; }

 private:
  EventSegment(std::string folder, std::uint64_t position, bool sealed);

  [[nodiscard]] std::string Path() const;
  [[nodiscard]] std::string Index(const std::vector<EventBlock>& blocks) const;
  Result<void> WriteSealed(int fd) const;
  Result<void> Open(int flags);
  Result<void> ScanBatches();
  Result<void> ReadIndex();
  bool TakeIndex(std::string_view index);
  void Note(std::uint64_t stream, std::size_t bytes, const StreamSpan& span);

  const std::string folder_;
  const std::uint64_t position_;
  const bool sealed_;
  int fd_ = -1;  // of a growing file
  std::uint64_t end_;
  std::uint64_t file_bytes_ = 0;
  std::vector<EventBlock> blocks_;
  std::unordered_map<std::uint64_t, StreamSpan> streams_;
  std::int64_t first_;
  std::int64_t last_;
  std::optional<std::int64_t> began_;
};

// Makes the names in a folder durable. Errors: internal.
Result<void> SyncFolder(const std::string& folder);

}  // namespace usher::storage
