#include "engine/sha256.h"

#include <openssl/evp.h>

#include <cstdint>

#include "base/check.h"
#include "base/encoding.h"

namespace usher::engine {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  Check(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "SHA-256 is there");
}

Sha256::~Sha256() = default;

void Sha256::Add(std::string_view bytes) {
  Check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 takes bytes");
}

void Sha256::AddText(std::string_view text) {
  const std::uint64_t size = text.size();
  AddNumbers(std::span(&size, 1));
  Add(text);
}

std::string Sha256::Finish() {
  std::string digest(32, '\0');
  Check(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()),
                           nullptr) == 1,
        "SHA-256 ends");
  return HexEncode(digest);
}

}  // namespace usher::engine
