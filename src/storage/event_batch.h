// EventBatch: the record of an event log: events of one stream that were put together.
//
//   u32 check    CRC-32 (that of zlib) of what follows
//   u32 size     bytes of what follows the size
//   stream       varint
//   ingested     varint, ms since 1970
//   first        varint, zigzag: time of the first event minus `ingested`, ms
//   count        varint, at least 1
//   count times: time since the event before (varint, ms; 0 for the first), bytes of the message
//                (varint), message
//
// Fixed numbers are little-endian; a varint is LEB128. An event costs three bytes or four beside
// its message.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::storage {

inline constexpr std::size_t kBatchHeadBytes = 8;         // check and size
inline constexpr std::size_t kMaxBatchBytes = 2'000'000;  // of a whole record
inline constexpr std::size_t kMaxBatchEvents = 10'000;

struct NewEvent {
  std::int64_t time = 0;  // ms since 1970
  std::string_view message;
};

// `events` in order of time, 1 to kMaxBatchEvents. Errors: invalid input when the record would have
// more than kMaxBatchBytes.
Result<std::string> EncodeBatch(std::uint64_t stream, std::int64_t ingested,
                                std::span<const NewEvent> events);

// Reads one batch, event by event. Borrows the bytes.
class BatchReader {
 public:
  // The batch at the beginning of `bytes`; nullopt when they begin with none that is whole and,
  // with `check`, has the right checksum.
  static std::optional<BatchReader> At(std::string_view bytes, bool check);

  [[nodiscard]] std::uint64_t stream() const { return stream_; }
  [[nodiscard]] std::int64_t ingested() const { return ingested_; }
  [[nodiscard]] std::int64_t first() const { return first_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of the whole record

  // The next event; nullopt after the last one (or where the bytes are torn: At with `check`
  // tells).
  std::optional<NewEvent> Next();

 private:
  std::uint64_t stream_ = 0;
  std::int64_t ingested_ = 0;
  std::int64_t first_ = 0;
  std::uint32_t count_ = 0;
  std::size_t bytes_ = 0;
  std::string_view rest_;
  std::int64_t time_ = 0;
  std::uint32_t given_ = 0;
};

// Little-endian numbers and varints, as the files of an event log hold them.
void AppendU32(std::string& out, std::uint32_t number);
void AppendU64(std::string& out, std::uint64_t number);
void AppendVarint(std::string& out, std::uint64_t number);
void AppendZigzag(std::string& out, std::int64_t number);
[[nodiscard]] std::uint32_t ReadU32(const char* bytes);
[[nodiscard]] std::uint64_t ReadU64(const char* bytes);
// Takes a number off the front; nullopt when there is none.
std::optional<std::uint64_t> TakeVarint(std::string_view& bytes);
std::optional<std::int64_t> TakeZigzag(std::string_view& bytes);
[[nodiscard]] std::uint32_t Crc32(std::string_view bytes);

}  // namespace usher::storage
