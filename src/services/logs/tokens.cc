#include "services/logs/tokens.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "base/encoding.h"
#include "base/text.h"

namespace usher::logs {
namespace {

Error Foreign() {
  return {ErrorCode::kInvalidNextToken, "The specified nextToken is invalid.", {}, 0, {}};
}

template <typename T>
bool ReadNumber(std::string_view text, T& number) {
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  return bad == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string NameToken(std::string_view name) { return HexEncode(name); }

Result<std::string> ReadNameToken(const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto name = HexDecode(*token);
  if (!name || name->empty()) return Foreign();
  return name;
}

std::string WriteEventToken(const EventToken& token) {
  return std::string(token.backward ? "b" : "f") + "/" + std::to_string(token.key.time) + "/" +
         std::to_string(token.key.batch) + "/" + std::to_string(token.key.index);
}

Result<EventToken> ReadEventToken(std::string_view text) {
  const auto parts = Split(text, '/');
  EventToken token;
  if (parts.size() != 4 || (parts[0] != "b" && parts[0] != "f") ||
      !ReadNumber(parts[1], token.key.time) || !ReadNumber(parts[2], token.key.batch) ||
      !ReadNumber(parts[3], token.key.index)) {
    return Foreign();
  }
  token.backward = parts[0] == "b";
  return token;
}

std::string EventId(const storage::EventKey& key) {
  std::array<char, 64> digits{};
  std::snprintf(digits.data(), digits.size(), "%020lld%020llu%016u",
                static_cast<long long>(key.time), static_cast<unsigned long long>(key.batch),
                key.index);
  return digits.data();
}

}  // namespace usher::logs
