// Mail: one message as a value, and as the text that travels (RFC 5322, MIME).
//
// The text is ASCII with CRLF line ends and no line over 998 bytes, so every relay takes it: what
// is not ASCII in the subject becomes encoded words (RFC 2047), in the body quoted-printable
// (RFC 2045).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace usher::mail {

inline constexpr std::size_t kMaxSubjectBytes = 1000;
inline constexpr std::size_t kMaxBodyBytes = 1U << 20;
inline constexpr std::size_t kMaxMessageIdBytes = 250;

struct Mail {
  std::string message_id;  // "<id@host>"; tells a repeated delivery from a new mail
  Time date;
  std::string from;  // addresses
  std::string to;
  std::string subject;  // UTF-8, one line
  std::string body;     // UTF-8; lines end in LF or CRLF
  // Further header fields, ASCII, such as List-Unsubscribe.
  std::vector<std::pair<std::string, std::string>> fields;
};

// Errors: invalid input for anything that would break out of its header field, is not UTF-8, or is
// too long.
Result<std::string> Compose(const Mail& mail);

// The other way, as far as Compose writes it: for showing mails. Header fields that are unknown are
// kept in `fields`. Errors: invalid input when it is no mail.
Result<Mail> Parse(std::string_view text);

}  // namespace usher::mail
