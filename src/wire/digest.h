// MD5, SHA-1, SHA-256 and HMAC-SHA-256 over OpenSSL, which picks the processor's own instructions.
// Source:  FIPS 180-4, RFC 1321, RFC 2104.
// Threads: each object by one thread at a time; functions from any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace usher::wire {

// The digest of bytes that come in parts.
class Digest {
 public:
  enum class Kind { kMd5, kSha1, kSha256 };

  explicit Digest(Kind kind);
  void Update(std::string_view bytes);
  // The raw digest of everything so far; ends the object's use.
  [[nodiscard]] std::string Finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // EVP_MD_CTX
};

[[nodiscard]] std::string Sha256Hex(std::string_view bytes);                        // 64 digits
[[nodiscard]] std::string HmacSha256(std::string_view key, std::string_view text);  // 32 raw bytes

// Compares in a time that depends on the sizes alone.
[[nodiscard]] bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace usher::wire
