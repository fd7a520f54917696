// The refusals of Signature Version 4, each named and worded as the protocol asked for does.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "wire/sigv4.h"

namespace usher::wire::sigv4 {

class Refusal {
 public:
  // `presigned`: the signature stands in the query.
  Refusal(ErrorStyle style, bool presigned) : style_(style), presigned_(presigned) {}

  [[nodiscard]] Error NotSigned() const;
  [[nodiscard]] Error UnsupportedAlgorithm(std::string_view given) const;
  // The Authorization header or the query parameters cannot be understood: `why` ends in a stop.
  [[nodiscard]] Error Malformed(std::string why) const;
  [[nodiscard]] Error TwoSignatures() const;
  [[nodiscard]] Error TooLarge(std::string what) const;
  [[nodiscard]] Error BadTarget() const;
  [[nodiscard]] Error UnknownKey(std::string_view access_key_id) const;
  [[nodiscard]] Error BadToken() const;
  [[nodiscard]] Error ExpiredToken() const;
  [[nodiscard]] Error ScopeDate(const Scope& scope, std::string_view timestamp) const;
  [[nodiscard]] Error Skewed(std::string_view timestamp, Time signed_at, Time now) const;
  [[nodiscard]] Error Expired(Time signed_at, std::chrono::seconds life, Time now) const;
  [[nodiscard]] Error NotYetValid(std::string_view timestamp, Time now) const;
  [[nodiscard]] Error HostNotSigned() const;
  [[nodiscard]] Error HeaderNotSigned(std::string_view name) const;
  [[nodiscard]] Error SignedHeaderMissing(std::string_view name) const;
  [[nodiscard]] Error NoContentHash() const;
  [[nodiscard]] Error BadContentHash(std::string_view given) const;
  [[nodiscard]] Error ContentHashDiffers() const;
  [[nodiscard]] Error Mismatch(const Scope& scope, std::string_view given,
                               std::string_view string_to_sign,
                               std::string_view canonical_request) const;

 private:
  // Outside S3: the suffix "Exception" and the status follow from the style.
  [[nodiscard]] Error Common(std::string_view name, ErrorCode code, std::string message,
                             int status) const;
  [[nodiscard]] Error InvalidSignature(std::string message) const;

  ErrorStyle style_;
  bool presigned_;
};

}  // namespace usher::wire::sigv4
