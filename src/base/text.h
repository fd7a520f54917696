// Small questions about text that several folders ask. ASCII only; no locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace usher {

[[nodiscard]] std::string AsciiLower(std::string_view text);
[[nodiscard]] std::string AsciiUpper(std::string_view text);
[[nodiscard]] bool EqualsIgnoreCase(std::string_view a, std::string_view b);
// Without spaces, tabs, CR and LF at both ends.
[[nodiscard]] std::string_view Trim(std::string_view text);
// "a,,b" by ',' gives three parts; "" gives one empty part.
[[nodiscard]] std::vector<std::string_view> Split(std::string_view text, char separator);
// True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF).
[[nodiscard]] bool IsUtf8(std::string_view text);

}  // namespace usher
