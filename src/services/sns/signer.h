// Signer: signatures of messages, by which a receiver tells that they come from this server.
//
// The key is this server's own: RSA with 2048 bits, made when it is first needed and kept in the
// data folder together with a certificate that it has signed itself. The certificate is served
// under kCertificatePath, whose address every message carries. A receiver that trusts only AWS's
// hosts refuses it, as it should.
//
// Source:  the SNS developer guide, "Verifying the signatures of Amazon SNS messages" (the string
//          that is signed; version 1 is SHA-1, version 2 SHA-256; PKCS #1 v1.5).
// Threads: safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace usher::sns {

inline constexpr std::string_view kCertificatePath = "/_aws/sns/SimpleNotificationService.pem";

class Signer {
 public:
  // `folder` holds the key and must exist; nothing is made before it is needed.
  Signer(std::string folder, const Clock& clock) : folder_(std::move(folder)), clock_(clock) {}
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  // Base64. `version` is "1" or "2". Errors: internal when the key cannot be read or made.
  Result<std::string> Sign(std::string_view text, std::string_view version);
  // PEM.
  Result<std::string> Certificate();

 private:
  Result<void> Load();
  Result<void> Make() const;

  std::string folder_;
  const Clock& clock_;
  std::mutex mutex_;
  void* key_ = nullptr;  // EVP_PKEY
  std::string certificate_;
};

}  // namespace usher::sns
