#include "storage/event_batch.h"

#include <zlib.h>

#include "base/check.h"

namespace usher::storage {
namespace {

// Wraps around where a damaged file holds times out of any range.
std::int64_t Later(std::int64_t time, std::uint64_t by) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + by);
}

}  // namespace

void AppendU32(std::string& out, std::uint32_t number) {
  for (int byte = 0; byte < 4; ++byte) out += static_cast<char>(number >> (8 * byte));
}

void AppendU64(std::string& out, std::uint64_t number) {
  for (int byte = 0; byte < 8; ++byte) out += static_cast<char>(number >> (8 * byte));
}

void AppendVarint(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

void AppendZigzag(std::string& out, std::int64_t number) {
  AppendVarint(
      out, (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63));
}

std::uint32_t ReadU32(const char* bytes) {
  std::uint32_t number = 0;
  for (int byte = 0; byte < 4; ++byte) {
    number |= std::uint32_t{static_cast<unsigned char>(bytes[byte])} << (8 * byte);
  }
  return number;
}

std::uint64_t ReadU64(const char* bytes) {
  return ReadU32(bytes) | std::uint64_t{ReadU32(bytes + 4)} << 32;
}

std::optional<std::uint64_t> TakeVarint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < bytes.size() && at < 10; ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    number |= std::uint64_t{byte & 0x7fU} << (7 * at);
    if (byte < 0x80) {
      bytes.remove_prefix(at + 1);
      return number;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> TakeZigzag(std::string_view& bytes) {
  const auto number = TakeVarint(bytes);
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>((*number >> 1) ^ (~(*number & 1) + 1));
}

std::uint32_t Crc32(std::string_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()),
                                              static_cast<z_size_t>(bytes.size())));
}

Result<std::string> EncodeBatch(std::uint64_t stream, std::int64_t ingested,
                                std::span<const NewEvent> events) {
  Check(!events.empty() && events.size() <= kMaxBatchEvents, "a batch has 1 to 10,000 events");
  std::size_t message_bytes = 0;
  for (const NewEvent& event : events) message_bytes += event.message.size();
  std::string record(kBatchHeadBytes, '\0');
  record.reserve(kBatchHeadBytes + 40 + message_bytes + (8 * events.size()));
  AppendVarint(record, stream);
  AppendVarint(record, static_cast<std::uint64_t>(ingested));
  AppendZigzag(record, events.front().time - ingested);
  AppendVarint(record, events.size());
  std::int64_t before = events.front().time;
  for (const NewEvent& event : events) {
    Check(event.time >= before, "the events of a batch are in order of time");
    AppendVarint(record, static_cast<std::uint64_t>(event.time - before));
    AppendVarint(record, event.message.size());
    record.append(event.message);
    before = event.time;
  }
  if (record.size() > kMaxBatchBytes) {
    return InvalidInput("events that are put together have at most " +
                        std::to_string(kMaxBatchBytes) + " bytes, got " +
                        std::to_string(record.size()));
  }
  std::string head;
  AppendU32(head, static_cast<std::uint32_t>(record.size() - kBatchHeadBytes));
  record.replace(4, 4, head);
  head.clear();
  AppendU32(head, Crc32(std::string_view(record).substr(4)));
  record.replace(0, 4, head);
  return record;
}

std::optional<BatchReader> BatchReader::At(std::string_view bytes, bool check) {
  if (bytes.size() < kBatchHeadBytes) return std::nullopt;
  const std::size_t size = ReadU32(bytes.data() + 4);
  if (size > kMaxBatchBytes || size > bytes.size() - kBatchHeadBytes) return std::nullopt;
  bytes = bytes.substr(0, kBatchHeadBytes + size);
  if (check && Crc32(bytes.substr(4)) != ReadU32(bytes.data())) return std::nullopt;
  BatchReader batch;
  batch.bytes_ = bytes.size();
  batch.rest_ = bytes.substr(kBatchHeadBytes);
  const auto stream = TakeVarint(batch.rest_);
  const auto ingested = TakeVarint(batch.rest_);
  const auto first = TakeZigzag(batch.rest_);
  const auto count = TakeVarint(batch.rest_);
  if (!stream || !ingested || !first || !count || *count > kMaxBatchEvents) return std::nullopt;
  batch.stream_ = *stream;
  batch.ingested_ = static_cast<std::int64_t>(*ingested);
  batch.first_ = Later(batch.ingested_, static_cast<std::uint64_t>(*first));
  batch.time_ = batch.first_;
  batch.count_ = static_cast<std::uint32_t>(*count);
  return batch;
}

std::optional<NewEvent> BatchReader::Next() {
  if (given_ == count_) return std::nullopt;
  const auto later = TakeVarint(rest_);
  const auto size = TakeVarint(rest_);
  if (!later || !size || *size > rest_.size()) return std::nullopt;
  time_ = Later(time_, *later);
  const NewEvent event{time_, rest_.substr(0, *size)};
  rest_.remove_prefix(*size);
  ++given_;
  return event;
}

}  // namespace usher::storage
