#include "log_events/as_utf8.h"

#include <algorithm>

#include "base/text.h"

namespace usher::log_events {
namespace {

constexpr std::size_t kMaxUtf8Bytes = 4;

}  // namespace

std::string AsUtf8(std::string_view text) {
  if (IsUtf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(kMaxUtf8Bytes, text.size());
    while (size > 0 && !IsUtf8(text.substr(0, size))) --size;
    out += size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace usher::log_events
