// BoundedLog: values by key in append-only files, of which the oldest go when a limit of bytes is
// passed. For what is written often, read seldom and may be forgotten in time.
//
// Files:      `folder`/<16 hex digits>.log, a segment each, in rising order. A record is
//               u32 check   FNV-1a of what follows
//               u32 size    bytes of the value
//               u8  length  of the key
//               key, value
//             with numbers in little-endian order.
// Durability: a record is handed to the operating system before Append returns: it outlives the
//             process, also one that is killed. It is not synced: a power cut may take the last
//             seconds. A record that was torn is cut off at the next start, with a line in the log.
// Cost:       Append: one write; Find: one binary search a segment and one read. 8 bytes of memory
// a
//             record. Opening reads every segment once.
// Threads:    safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace usher::storage {

inline constexpr std::size_t kMaxLogKeyBytes = 255;
inline constexpr std::size_t kMaxLogValueBytes = std::size_t{1} << 20;

class BoundedLog {
 public:
  struct Limits {
    std::size_t segment_bytes = std::size_t{16} << 20;  // a segment that has as many is full
    std::size_t segments = 16;                          // at least 2
  };

  // Makes the folder (mode 0700) when it is missing. Errors: internal.
  static Result<std::unique_ptr<BoundedLog>> Open(std::string folder, Limits limits);
  static Result<std::unique_ptr<BoundedLog>> Open(std::string folder) {
    return Open(std::move(folder), Limits());
  }
  ~BoundedLog();
  BoundedLog(const BoundedLog&) = delete;
  BoundedLog& operator=(const BoundedLog&) = delete;

  // Errors: invalid input for a key or a value over the limits; internal (disk full …), after which
  // nothing of the record stays.
  Result<void> Append(std::string_view key, std::string_view value);
  struct Record {
    std::string_view key;
    std::string_view value;
  };
  // The same for several records, in one write: all or none of them stay.
  Result<void> Append(std::span<const Record> records);
  // The value appended last under the key; nullopt when there is none, or no longer.
  // Errors: corrupt; internal.
  Result<std::optional<std::string>> Find(std::string_view key) const;
  // Every value of the key, oldest first; `limit` bounds their bytes together: those beyond are
  // left out. Errors: corrupt; internal.
  Result<std::vector<std::string>> FindAll(std::string_view key, std::size_t limit) const;
  // Every record, oldest first; those that are appended meanwhile may be missing. Memory: one
  // segment. Errors: corrupt; internal.
  Result<void> ForEach(const std::function<void(const Record& record)>& visit) const;
  // Lets segments go that were last written to before `oldest`; never the one that is written to.
  // Errors: internal.
  Result<void> Forget(Time oldest);

  [[nodiscard]] std::size_t size() const;  // records

 private:
  struct Entry {
    std::uint32_t hash = 0;  // of the key
    std::uint32_t offset = 0;
  };
  struct Segment {
    std::uint64_t number = 0;
    int fd = -1;
    std::size_t bytes = 0;
    std::vector<Entry> entries;  // by hash and offset up to `sorted`, the rest as they came
    std::size_t sorted = 0;
  };

  BoundedLog(std::string folder, Limits limits) : folder_(std::move(folder)), limits_(limits) {}

  [[nodiscard]] std::string PathOf(std::uint64_t number) const;
  Result<void> OpenSegment(std::uint64_t number);
  Result<void> Scan(Segment& segment) const;
  Result<void> Rotate();
  Result<void> RemoveOldest();
  static void Sort(Segment& segment);
  static Result<std::optional<std::string>> Read(const Segment& segment, std::uint32_t offset,
                                                 std::string_view key);

  const std::string folder_;
  const Limits limits_;
  mutable std::shared_mutex mutex_;
  std::deque<Segment> segments_;  // oldest first, the last one is written to
};

}  // namespace usher::storage
