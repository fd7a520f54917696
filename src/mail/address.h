// Mail addresses as far as we send to them: one plain ASCII address, no display name, no comments.
// Source: RFC 5321 section 4.1.2 (dot-string local parts, domain names).
#pragma once

#include <string_view>

#include "base/result.h"

namespace usher::mail {

inline constexpr std::size_t kMaxAddressBytes = 254;  // RFC 5321 section 4.5.3.1.3, less "<>"
inline constexpr std::size_t kMaxLocalBytes = 64;

// Errors: invalid input, saying what is wrong. What passes cannot end a header or an SMTP command.
Result<void> CheckAddress(std::string_view address);

}  // namespace usher::mail
