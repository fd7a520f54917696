#include "wire/sigv4_refusal.h"

#include <utility>

namespace usher::wire::sigv4 {
namespace {

constexpr std::size_t kMaxQuotedBytes = 128;
constexpr std::size_t kMaxDetailBytes = 8192;

// What a caller sent, short enough for a message.
std::string Quote(std::string_view given) {
  std::string quoted = "'";
  quoted.append(given.substr(0, kMaxQuotedBytes));
  if (given.size() > kMaxQuotedBytes) quoted += "…";
  return quoted + "'";
}

Error S3(std::string_view name, int status, std::string message) {
  const ErrorCode code = status == 403 ? ErrorCode::kAccessDenied : ErrorCode::kInvalidInput;
  return Named(name, code, std::move(message), status);
}

std::string Millis(std::chrono::milliseconds duration) { return std::to_string(duration.count()); }

}  // namespace

Error Refusal::Common(std::string_view name, ErrorCode code, std::string message,
                      int status) const {
  std::string wire_name(name);
  if (style_ != ErrorStyle::kQuery) wire_name += "Exception";
  return Named(wire_name, code, std::move(message), style_ == ErrorStyle::kJson ? 400 : status);
}

Error Refusal::InvalidSignature(std::string message) const {
  return Common(style_ == ErrorStyle::kQuery ? "SignatureDoesNotMatch" : "InvalidSignature",
                ErrorCode::kAccessDenied, std::move(message), 403);
}

Error Refusal::NotSigned() const {
  if (style_ == ErrorStyle::kS3) return S3("AccessDenied", 403, "Access Denied");
  return Common("MissingAuthenticationToken", ErrorCode::kAccessDenied,
                "Missing Authentication Token", 403);
}

Error Refusal::UnsupportedAlgorithm(std::string_view given) const {
  if (style_ != ErrorStyle::kS3) {
    return Common("IncompleteSignature", ErrorCode::kInvalidInput,
                  "Unsupported AWS 'algorithm': " + Quote(given) + ", use AWS4-HMAC-SHA256.", 400);
  }
  if (presigned_) {
    return S3("AuthorizationQueryParametersError", 400,
              "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  return S3("InvalidRequest", 400,
            "The authorization mechanism you have provided is not supported. Please use "
            "AWS4-HMAC-SHA256.");
}

Error Refusal::Malformed(std::string why) const {
  if (style_ != ErrorStyle::kS3) {
    return Common("IncompleteSignature", ErrorCode::kInvalidInput, std::move(why), 400);
  }
  if (presigned_) return S3("AuthorizationQueryParametersError", 400, std::move(why));
  return S3("AuthorizationHeaderMalformed", 400,
            "The authorization header is malformed; " + std::move(why));
}

Error Refusal::TwoSignatures() const {
  constexpr std::string_view why =
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
      "string parameter or the Authorization header should be specified";
  if (style_ == ErrorStyle::kS3) return S3("InvalidArgument", 400, std::string(why));
  return Malformed(std::string(why) + ".");
}

Error Refusal::TooLarge(std::string what) const {
  if (style_ == ErrorStyle::kS3) return S3("RequestHeaderSectionTooLarge", 400, std::move(what));
  return Malformed(std::move(what));
}

Error Refusal::BadTarget() const {
  if (style_ == ErrorStyle::kS3) {
    return S3("InvalidURI", 400, "Couldn't parse the specified URI.");
  }
  return InvalidSignature(
      "The path or the query of the request is not valid: it must start with '/', and every '%' "
      "must be followed by two hex digits.");
}

Error Refusal::UnknownKey(std::string_view access_key_id) const {
  if (style_ == ErrorStyle::kS3) {
    Error error = S3("InvalidAccessKeyId", 403,
                     "The AWS Access Key Id you provided does not exist in our records.");
    error.details = {{"AWSAccessKeyId", std::string(access_key_id)}};
    return error;
  }
  return Common(style_ == ErrorStyle::kQuery ? "InvalidClientTokenId" : "UnrecognizedClient",
                ErrorCode::kAccessDenied, "The security token included in the request is invalid.",
                403);
}

Error Refusal::BadToken() const {
  if (style_ == ErrorStyle::kS3) {
    return S3("InvalidToken", 400, "The provided token is malformed or otherwise invalid.");
  }
  return UnknownKey({});
}

Error Refusal::ExpiredToken() const {
  if (style_ == ErrorStyle::kS3) return S3("ExpiredToken", 400, "The provided token has expired.");
  return Common("ExpiredToken", ErrorCode::kAccessDenied,
                "The security token included in the request is expired", 403);
}

Error Refusal::ScopeDate(const Scope& scope, std::string_view timestamp) const {
  if (style_ == ErrorStyle::kS3) {
    return Malformed((presigned_ ? "Invalid credential date " : "Invalid credential date \"") +
                     scope.date + (presigned_ ? "" : "\"") +
                     ". This date is not the same as X-Amz-Date: \"" +
                     std::string(timestamp.substr(0, 8)) + "\".");
  }
  return InvalidSignature(
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
      Quote(scope.date) + " != " + Quote(timestamp.substr(0, 8)) + ", from " + Quote(timestamp) +
      ".");
}

Error Refusal::Skewed(std::string_view timestamp, Time signed_at, Time now) const {
  if (style_ == ErrorStyle::kS3) {
    Error error = S3("RequestTimeTooSkewed", 403,
                     "The difference between the request time and the current time is too large.");
    error.details = {{"RequestTime", std::string(timestamp)},
                     {"ServerTime", FormatIso8601(now, /*with_millis=*/false)},
                     {"MaxAllowedSkewMilliseconds", Millis(kMaxClockSkew)}};
    return error;
  }
  if (signed_at > now) return NotYetValid(timestamp, now);
  return InvalidSignature("Signature expired: " + std::string(timestamp) + " is now earlier than " +
                          FormatIso8601Basic(now - kMaxClockSkew) + " (" + FormatIso8601Basic(now) +
                          " - 15 min.)");
}

Error Refusal::Expired(Time signed_at, std::chrono::seconds life, Time now) const {
  const Time end = signed_at + life;
  if (style_ == ErrorStyle::kS3) {
    Error error = S3("AccessDenied", 403, "Request has expired");
    error.details = {{"X-Amz-Expires", std::to_string(life.count())},
                     {"Expires", FormatIso8601(end, /*with_millis=*/false)},
                     {"ServerTime", FormatIso8601(now, /*with_millis=*/false)}};
    return error;
  }
  return InvalidSignature("Signature expired: " + FormatIso8601Basic(end) +
                          " is now earlier than " + FormatIso8601Basic(now));
}

Error Refusal::NotYetValid(std::string_view timestamp, Time now) const {
  if (style_ == ErrorStyle::kS3) {
    Error error = S3("AccessDenied", 403, "Request is not yet valid");
    error.details = {{"RequestTime", std::string(timestamp)},
                     {"ServerTime", FormatIso8601(now, /*with_millis=*/false)}};
    return error;
  }
  return InvalidSignature("Signature not yet current: " + std::string(timestamp) +
                          " is still later than " + FormatIso8601Basic(now + kMaxClockSkew) + " (" +
                          FormatIso8601Basic(now) + " + 15 min.)");
}

Error Refusal::HostNotSigned() const {
  if (style_ == ErrorStyle::kS3) return HeaderNotSigned("host");
  return InvalidSignature(
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

Error Refusal::HeaderNotSigned(std::string_view name) const {
  if (style_ == ErrorStyle::kS3) {
    Error error =
        S3("AccessDenied", 403, "There were headers present in the request which were not signed");
    error.details = {{"HeadersNotSigned", std::string(name)}};
    return error;
  }
  return InvalidSignature("The header " + Quote(name) + " is present in the request but not a " +
                          "'SignedHeader' in the AWS Authorization.");
}

Error Refusal::SignedHeaderMissing(std::string_view name) const {
  const std::string why = "The signed header " + Quote(name) + " is not present in the request.";
  if (style_ == ErrorStyle::kS3) return S3("SignatureDoesNotMatch", 403, why);
  return InvalidSignature(why);
}

Error Refusal::NoContentHash() const {
  return S3("InvalidRequest", 400,
            "Missing required header for this request: x-amz-content-sha256");
}

Error Refusal::BadContentHash(std::string_view given) const {
  Error error = S3("InvalidArgument", 400,
                   "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                   "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                   "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
  error.details = {{"ArgumentName", "x-amz-content-sha256"},
                   {"ArgumentValue", std::string(given.substr(0, kMaxQuotedBytes))}};
  return error;
}

Error Refusal::ContentHashDiffers() const {
  return InvalidSignature(
      "The header 'x-amz-content-sha256' is not the SHA-256 of the body of the request.");
}

Error Refusal::Mismatch(const Scope& scope, std::string_view given, std::string_view string_to_sign,
                        std::string_view canonical_request) const {
  if (style_ == ErrorStyle::kS3) {
    Error error = S3("SignatureDoesNotMatch", 403,
                     "The request signature we calculated does not match the signature you "
                     "provided. Check your key and signing method.");
    error.details = {
        {"AWSAccessKeyId", scope.access_key_id},
        {"StringToSign", std::string(string_to_sign)},
        {"SignatureProvided", std::string(given)},
        {"CanonicalRequest", std::string(canonical_request.substr(0, kMaxDetailBytes))}};
    return error;
  }
  return InvalidSignature(
      "The request signature we calculated does not match the signature you provided. Check your "
      "AWS Secret Access Key and signing method. Consult the service documentation for details.");
}

}  // namespace usher::wire::sigv4
