#include "mail/address.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace usher::mail {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsAtomCharacter(char c) {
  return IsAlphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string::npos;
}

// Parts that are separated by single dots, none of them empty.
template <typename Allowed>
bool IsDotted(std::string_view text, Allowed allowed) {
  return std::ranges::all_of(Split(text, '.'), [&](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, allowed);
  });
}

Error Bad(std::string_view address, std::string_view why) {
  // Never the address as it is: it may hold what would break a line of the log.
  std::string shown;
  for (const char c : address.substr(0, kMaxAddressBytes)) shown += c > ' ' && c < 0x7f ? c : '?';
  return InvalidInput("the mail address \"" + shown + "\" " + std::string(why));
}

}  // namespace

Result<void> CheckAddress(std::string_view address) {
  if (address.size() > kMaxAddressBytes) return Bad(address, "is longer than 254 characters");
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return Bad(address, "has no @");
  const std::string_view local = address.substr(0, at);
  const std::string_view domain = address.substr(at + 1);
  if (local.empty() || local.size() > kMaxLocalBytes || !IsDotted(local, IsAtomCharacter)) {
    return Bad(
        address,
        "has a part before the @ that is not plain letters, digits and !#$%&'*+-/=?^_`{|}~.");
  }
  if (!IsDotted(domain, [](char c) { return IsAlphanumeric(c) || c == '-'; })) {
    return Bad(address, "has no domain name after the @");
  }
  return {};
}

}  // namespace usher::mail
