// Bytes as text: hex, base64 (RFC 4648), percent-encoding (RFC 3986).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher {

[[nodiscard]] std::string HexEncode(std::string_view bytes);  // lower case
Result<std::string> HexDecode(std::string_view hex);          // either case

[[nodiscard]] std::string Base64Encode(std::string_view bytes);  // standard alphabet, padded
Result<std::string> Base64Decode(std::string_view text);         // padding required, no white space

// Everything but the unreserved characters A-Z a-z 0-9 - . _ ~ becomes %XX; with keep_slash '/'
// stays too.
[[nodiscard]] std::string PercentEncode(std::string_view bytes, bool keep_slash = false);
// %XX becomes its byte; with plus_is_space '+' becomes ' ' (form encoding). A '%' without two hex
// digits is an error.
Result<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);

}  // namespace usher
