#include "tracing/ids.h"

#include <array>
#include <charconv>

#include "base/random.h"

namespace usher::tracing {
namespace {

constexpr std::size_t kTraceIdSize = 35;

std::uint64_t Draw() {
  thread_local Random random = [] {
    std::array<unsigned char, 8> seed;
    SecureRandom(seed);
    std::uint64_t number = 0;
    for (const unsigned char byte : seed) number = number << 8 | byte;
    return Random(number);
  }();
  return random.Next();
}

void WriteHex(char* out, std::uint64_t number, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int i = digits - 1; i >= 0; --i, number >>= 4) out[i] = kDigits[number & 15];
}

// All of `text` as one number in hex.
std::optional<std::uint64_t> ReadHex(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    std::uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint64_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint64_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
    number = number << 4 | digit;
  }
  return number;
}

}  // namespace

SegmentId NewSegmentId() {
  while (true) {
    if (const SegmentId id = Draw(); id != 0) return id;
  }
}

std::string NewTraceId(Time now) {
  std::string id(kTraceIdSize, '-');
  id[0] = '1';
  WriteHex(&id[2], static_cast<std::uint64_t>(EpochMillis(now) / 1000), 8);
  WriteHex(&id[11], Draw(), 16);
  WriteHex(&id[27], Draw(), 8);
  return id;
}

std::string FormatSegmentId(SegmentId id) {
  std::string text(16, '0');
  WriteHex(text.data(), id, 16);
  return text;
}

std::optional<SegmentId> ParseSegmentId(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  const auto id = ReadHex(text);
  if (!id || *id == 0) return std::nullopt;
  return id;
}

std::optional<std::int64_t> TraceSeconds(std::string_view trace_id) {
  if (trace_id.size() != kTraceIdSize || !trace_id.starts_with("1-") || trace_id[10] != '-' ||
      !ReadHex(trace_id.substr(11, 12)) || !ReadHex(trace_id.substr(23, 12))) {
    return std::nullopt;
  }
  const auto seconds = ReadHex(trace_id.substr(2, 8));
  if (!seconds) return std::nullopt;
  return static_cast<std::int64_t>(*seconds);
}

}  // namespace usher::tracing
