#include "wire/temporary_credentials.h"

#include <array>

#include "base/encoding.h"
#include "base/random.h"

namespace usher::wire {
namespace {

constexpr std::size_t kSecretBytes = 20;  // 40 characters, as AWS has
constexpr std::size_t kTokenBytes = 96;

std::string NewAccessKeyId() {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::array<unsigned char, 16> bytes{};
  SecureRandom(bytes);
  std::string id = "ASIA";
  for (const unsigned char byte : bytes) id += alphabet[byte % alphabet.size()];
  return id;
}

std::string NewToken() {
  std::string bytes(kTokenBytes, '\0');
  SecureRandom({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  return Base64Encode(bytes);
}

}  // namespace

TemporaryCredentials::Issued NewTemporaryKey(std::string arn) {
  return {
      .access_key_id = NewAccessKeyId(),
      .key = {
          .secret = SecureHex(kSecretBytes), .session_token = NewToken(), .arn = std::move(arn)}};
}

std::shared_ptr<const TemporaryCredentials::Issued> TemporaryCredentials::Issue(std::string arn) {
  auto issued = std::make_unique<Issued>(NewTemporaryKey(std::move(arn)));
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->keys.emplace(issued->access_key_id, issued->key);
  }
  return {issued.release(), [shared = shared_](const Issued* gone) {
            {
              const std::lock_guard lock(shared->mutex);
              shared->keys.erase(gone->access_key_id);
            }
            delete gone;
          }};
}

std::optional<Credentials::Key> TemporaryCredentials::Find(std::string_view access_key_id) const {
  {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->keys.find(access_key_id);
    if (found != shared_->keys.end()) return found->second;
  }
  return permanent_ != nullptr ? permanent_->Find(access_key_id) : std::nullopt;
}

}  // namespace usher::wire
