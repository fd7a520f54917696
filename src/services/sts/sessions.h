// Sessions: keys for a time, given out by AssumeRole and GetSessionToken. They are kept (docs/
// formats.md), so that a restart of the server ends none. All end with the server's own key: when
// that is made anew, nobody who knew the old one is let in any more.
//
// Threads: safe from any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"
#include "wire/credentials.h"

namespace usher::sts {

class Sessions final : public wire::Credentials {
 public:
  struct Session {
    std::string access_key_id;  // "ASIA" and 16 characters
    Key key;
    Time expires;
    std::string own_key;  // the server's, when it began
  };

  // `permanent` is asked for every key that is none of a session; `own_key` is the server's.
  Sessions(storage::DocumentStore& store, const Clock& clock, const wire::Credentials& permanent,
           std::string own_key)
      : store_(store), clock_(clock), permanent_(permanent), own_key_(std::move(own_key)) {}

  // For the identity `arn`; durable when it returns. Removes some of those that are over for long.
  Result<Session> Begin(std::string arn, std::chrono::seconds life);

  // A key of a session that is over says so, as long as the session is kept.
  [[nodiscard]] std::optional<Key> Find(std::string_view access_key_id) const override;

  [[nodiscard]] Time Now() const { return clock_.Now(); }

 private:
  void RemoveOld() const;

  storage::DocumentStore& store_;
  const Clock& clock_;
  const wire::Credentials& permanent_;
  const std::string own_key_;
};

inline constexpr std::string_view kSessionKeyPrefix = "ASIA";

}  // namespace usher::sts
