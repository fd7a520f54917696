// Keys that live in memory alone, each with a session token: for functions, which must not see the
// server's own key.
//
// Threads: safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "wire/credentials.h"

namespace usher::wire {

class TemporaryCredentials final : public Credentials {
 public:
  struct Issued {
    std::string access_key_id;  // "ASIA" and 16 characters
    Key key;
  };

  // `permanent` is asked for every key that is not one of these; nullptr: nobody else.
  explicit TemporaryCredentials(const Credentials* permanent) : permanent_(permanent) {}

  // A new key for the identity `arn`, good until the last copy of the pointer is gone.
  std::shared_ptr<const Issued> Issue(std::string arn);

  [[nodiscard]] std::optional<Key> Find(std::string_view access_key_id) const override;

 private:
  using Keys = std::map<std::string, Key, std::less<>>;
  struct Shared {
    std::mutex mutex;
    Keys keys;
  };
  const Credentials* permanent_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// A new key with a session token, which nobody knows yet.
[[nodiscard]] TemporaryCredentials::Issued NewTemporaryKey(std::string arn);

}  // namespace usher::wire
