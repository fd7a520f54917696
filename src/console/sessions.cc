#include "console/sessions.h"

#include <algorithm>

#include "base/random.h"
#include "wire/digest.h"

namespace usher::console {
namespace {

std::string NewSecret() { return SecureHex(kSecretHexDigits / 2); }

}  // namespace

Sessions::Sessions(const Clock& clock) : clock_(clock), link_token_(NewSecret()) {}

std::string Sessions::link_token() const {
  const std::scoped_lock lock(mutex_);
  return link_token_;
}

std::optional<std::string> Sessions::Enter(std::string_view link_token) {
  const std::scoped_lock lock(mutex_);
  if (!wire::EqualInConstantTime(link_token, link_token_)) return std::nullopt;
  link_token_ = NewSecret();
  if (entries_.size() >= kMaxSessions) {
    entries_.erase(std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.last_used; }));
  }
  std::string cookie = NewSecret();
  entries_[wire::Sha256Hex(cookie)] = {.session = {.csrf_token = NewSecret()},
                                       .last_used = clock_.Now()};
  return cookie;
}

std::optional<Session> Sessions::Find(std::string_view cookie) {
  if (cookie.size() != kSecretHexDigits) return std::nullopt;
  const std::string hash = wire::Sha256Hex(cookie);
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return std::nullopt;
  if (clock_.Now() - found->second.last_used > kSessionLife) {
    entries_.erase(found);
    return std::nullopt;
  }
  found->second.last_used = clock_.Now();
  return found->second.session;
}

void Sessions::End(std::string_view cookie) {
  const std::string hash = wire::Sha256Hex(cookie);
  const std::scoped_lock lock(mutex_);
  entries_.erase(hash);
}

}  // namespace usher::console
