// Sessions: who may use the console. A one-time link, which only the user who runs the server can
// read, opens a session; a cookie then carries it, and a second secret proves that a request comes
// from the console's own pages.
//
// Sessions live in memory: a restart ends them all.
//
// Cost:    a hash of 64 characters for each look-up.
// Threads: safe from any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace usher::console {

inline constexpr std::chrono::hours kSessionLife{12};  // since it was last used
inline constexpr std::size_t kMaxSessions = 64;        // one more ends the one used longest ago
inline constexpr std::size_t kSecretHexDigits = 64;

struct Session {
  std::string csrf_token;
};

class Sessions {
 public:
  explicit Sessions(const Clock& clock);

  // The token of the link that works now.
  [[nodiscard]] std::string link_token() const;

  // Opens a session and makes another link token in place of this one; gives the session's cookie.
  // nullopt when it is not the one that works now.
  std::optional<std::string> Enter(std::string_view link_token);

  // The session of a cookie; nullopt when there is none or it is over.
  std::optional<Session> Find(std::string_view cookie);

  void End(std::string_view cookie);

 private:
  struct Entry {
    Session session;
    Time last_used;
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string link_token_;
  std::map<std::string, Entry, std::less<>> entries_;  // by the hash of the cookie
};

}  // namespace usher::console
