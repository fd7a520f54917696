// Text of bytes that somebody else gave us.
#pragma once

#include <string>
#include <string_view>

namespace usher::log_events {

// `text` with U+FFFD for every byte that is not a part of well-formed UTF-8.
[[nodiscard]] std::string AsUtf8(std::string_view text);

}  // namespace usher::log_events
