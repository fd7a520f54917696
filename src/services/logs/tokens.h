// Page tokens: text that only this service makes and reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/event_log.h"

namespace usher::logs {

// For lists by name: where the page ended.
[[nodiscard]] std::string NameToken(std::string_view name);
// Empty for no token. Errors: invalid token.
Result<std::string> ReadNameToken(const std::optional<std::string>& token);

// For events: a place in their order and the direction in which to go on.
struct EventToken {
  bool backward = false;
  storage::EventKey key;
};
[[nodiscard]] std::string WriteEventToken(const EventToken& token);
// Errors: invalid token.
Result<EventToken> ReadEventToken(std::string_view text);

// 56 digits that name an event, as eventId does.
[[nodiscard]] std::string EventId(const storage::EventKey& key);

}  // namespace usher::logs
