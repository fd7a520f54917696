// EventLog: events of many streams in order of time, in append-only files, of which the oldest go
// when they are too old or too many. What a group of CloudWatch Logs keeps.
//
//   auto log = EventLog::Open(folder, EventLog::Limits());
//   log->Append(stream, now, events);                  // durable when it returns
//   log->Read({.from = yesterday, .matches = …});      // a page, in order of time
//
// Files:      storage/event_segment.h. One grows; full, it is sealed by Maintain: packed to about a
//             quarter. Memory: 56 bytes for each 64 KiB of events and for each stream of a file.
// Durability: Append syncs before it returns; those that wait at the same time share one sync.
// After
//             a sync that failed nothing more is taken until the log is opened again, since nobody
//             knows what is on the disk. A torn end is cut off by Open.
// Order:      by time, then by the order in which the batches came. A key names an event for ever.
// Cost:       Append: one write and at most two syncs. Read: the blocks that overlap the times and
//             may hold the streams; memory of one page and one block, however much is looked
//             through.
// Threads:    safe from any thread.
#pragma once

#include <compare>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "storage/event_segment.h"

namespace usher::storage {

// The place of an event in the order of a log.
struct EventKey {
  std::int64_t time = 0;    // ms since 1970
  std::uint64_t batch = 0;  // position of its batch in the log
  std::uint32_t index = 0;  // in the batch
  auto operator<=>(const EventKey&) const = default;
};

struct StoredEvent {
  EventKey key;
  std::uint64_t stream = 0;
  std::int64_t ingested = 0;  // ms since 1970
  std::string message;
};

struct EventQuery {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();  // ms; the first that is wanted
  std::int64_t to = std::numeric_limits<std::int64_t>::max();    // ms; the first that is not
  // Newest first: of all that match, the last ones are given, still in order of time.
  bool backward = false;
  // Only events after this one (backward: before it). It need not exist.
  std::optional<EventKey> beyond;
  std::function<bool(std::uint64_t stream)> wants;  // empty: all streams
  std::uint64_t streams = ~std::uint64_t{0};  // StreamBit of each that `wants`; all by default
  std::function<bool(std::string_view message)> matches;  // empty: all events
  std::size_t limit = 10'000;
  std::size_t max_bytes = std::size_t{1} << 20;     // of the messages of a page; one fits always
  std::size_t scan_bytes = std::size_t{256} << 20;  // looked through before a page ends
};

struct EventPage {
  std::vector<StoredEvent> events;  // in order of time
  // `beyond` of the next page; nullopt when there is nothing more.
  std::optional<EventKey> next;
  std::uint64_t events_scanned = 0;
  std::uint64_t bytes_scanned = 0;  // unpacked
};

class EventLog {
 public:
  struct Limits {
    std::uint64_t segment_bytes = std::uint64_t{16} << 20;  // a file that has as many is full
    std::int64_t segment_ms = 86'400'000;                   // so is one that began so long ago
    std::uint64_t max_bytes = std::uint64_t{4} << 30;       // of all files; then the oldest goes
  };

  // Makes the folder (mode 0700) when it is missing. Errors: corrupt; internal.
  static Result<std::unique_ptr<EventLog>> Open(std::string folder, Limits limits);
  static Result<std::unique_ptr<EventLog>> Open(std::string folder) {
    return Open(std::move(folder), Limits());
  }
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // `events` in order of time. Errors: invalid input (see EncodeBatch); internal.
  Result<void> Append(std::uint64_t stream, std::int64_t ingested,
                      std::span<const NewEvent> events);

  // Errors: corrupt; internal.
  Result<EventPage> Read(const EventQuery& query) const;

  // Seals full files, and lets those go whose events are all older than `oldest`, and the oldest
  // ones beyond the limit of bytes (with a line in the log). To be called now and then, by one
  // thread. Errors: corrupt; internal.
  Result<void> Maintain(std::int64_t now, std::optional<std::int64_t> oldest);
  // True once a file is full and waits to be sealed.
  [[nodiscard]] bool wants_sealing() const;

  // What is known of a stream's events that are still there; nullopt when there are none.
  [[nodiscard]] std::optional<StreamSpan> SpanOf(std::uint64_t stream) const;
  [[nodiscard]] std::uint64_t file_bytes() const;

 private:
  using Segment = std::shared_ptr<EventSegment>;
  struct Snapshot;

  EventLog(std::string folder, Limits limits) : folder_(std::move(folder)), limits_(limits) {}

  Result<void> OpenSegments();
  Result<void> Rotate(std::unique_lock<std::mutex>& lock);
  Result<void> WaitUntilSynced(std::unique_lock<std::mutex>& lock, std::uint64_t end);
  [[nodiscard]] Snapshot Blocks(const EventQuery& query) const;
  Result<void> SealFull();
  void CountSpans();

  const std::string folder_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable synced_changed_;
  std::vector<Segment> segments_;  // oldest first; the last one grows
  std::uint64_t synced_ = 0;       // position up to which everything is on the disk
  bool syncing_ = false;
  std::optional<Error> broken_;
  std::unordered_map<std::uint64_t, StreamSpan> spans_;  // over all segments
};

}  // namespace usher::storage
