// Credentials: who may sign a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace usher::wire {

// Gives the secret of an access key.
// Threads: Find from any thread at once.
class Credentials {
 public:
  struct Key {
    std::string secret;
    std::string session_token;  // empty for permanent keys
    std::string arn;
    bool expired = false;  // it was good until some time ago
  };
  virtual ~Credentials() = default;
  // nullopt: unknown key.
  [[nodiscard]] virtual std::optional<Key> Find(std::string_view access_key_id) const = 0;
};

}  // namespace usher::wire
