#include "wire/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.h"
#include "base/encoding.h"

namespace usher::wire {

void Digest::Free::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Digest::Digest(Kind kind) : context_(EVP_MD_CTX_new()) {
  const EVP_MD* algorithm = kind == Kind::kMd5    ? EVP_md5()
                            : kind == Kind::kSha1 ? EVP_sha1()
                                                  : EVP_sha256();
  Check(context_ &&
            EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()), algorithm, nullptr) == 1,
        "OpenSSL starts a digest");
}

void Digest::Update(std::string_view bytes) {
  Check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(), bytes.size()) == 1,
        "OpenSSL takes bytes into a digest");
}

std::string Digest::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  Check(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()), digest.data(), &size) == 1,
        "OpenSSL ends a digest");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string Sha256Hex(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha256);
  digest.Update(bytes);
  return HexEncode(digest.Finish());
}

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, 32> code{};
  unsigned int size = 0;
  Check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), code.data(),
             &size) != nullptr &&
            size == code.size(),
        "OpenSSL makes an HMAC");
  return {reinterpret_cast<const char*>(code.data()), code.size()};
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace usher::wire
