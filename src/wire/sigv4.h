// AWS Signature Version 4: signs requests and verifies signed ones, in the header form
// (Authorization) and the presigned form (X-Amz-Signature in the query).
//
// Source:  AWS General Reference, "Create a signed AWS API request"; Amazon S3 API Reference,
//          "Authenticating Requests (AWS Signature Version 4)".
// Errors:  those of the protocol asked for, see ErrorStyle; every one has wire_name and
// http_status. Cost:    linear in target, headers and (outside S3) body; bounded by the limits
// below. Threads: safe from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/credentials.h"
#include "wire/http_message.h"

namespace usher::wire::sigv4 {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::chrono::minutes kMaxClockSkew{15};
inline constexpr std::chrono::seconds kMinPresignedLife{1};
inline constexpr std::chrono::seconds kMaxPresignedLife{604800};  // seven days
inline constexpr std::size_t kMaxAuthorizationBytes = 16U << 10;
inline constexpr std::size_t kMaxCredentialBytes = 512;
inline constexpr std::size_t kMaxSignedHeaders = 200;
inline constexpr std::size_t kMaxSessionTokenBytes = 16U << 10;
inline constexpr std::size_t kMaxTargetBytes = 64U << 10;
inline constexpr std::size_t kMaxQueryParameters = 2000;
inline constexpr std::size_t kMaxHeaderBytes = 256U << 10;  // names and values together

// How a protocol names its refusals.
enum class ErrorStyle {
  kS3,        // SignatureDoesNotMatch, InvalidAccessKeyId, RequestTimeTooSkewed, AccessDenied …
  kJson,      // InvalidSignatureException …, all 400
  kRestJson,  // the same names, 403 where the caller is not accepted
  kQuery,     // SignatureDoesNotMatch, InvalidClientTokenId, MissingAuthenticationToken …
};

// What differs from service to service.
struct Rules {
  ErrorStyle style = ErrorStyle::kJson;
  // Of the path, before encoding: "//", "/./" and "/../" are resolved.
  bool normalize_path = true;
  // The path as sent is encoded once more. Without, it is decoded and encoded again, so that each
  // byte has one form.
  bool double_encode_path = true;
  // The body's hash is always taken from the body. Without, x-amz-content-sha256 says what the body
  // promises, and payload.h holds it to that.
  bool hash_body = true;
  // A session token may be left out of what is signed: it is compared with the key's own anyway.
  bool unsigned_session_token = true;
};

[[nodiscard]] Rules S3Rules();
// Every service but S3.
[[nodiscard]] Rules ServiceRules(ErrorStyle style);

// Credential=access_key_id/date/region/service/aws4_request.
struct Scope {
  std::string access_key_id;
  std::string date;  // YYYYMMDD
  std::string region;
  std::string service;

  // "date/region/service/aws4_request"
  [[nodiscard]] std::string Text() const;
};

// The scope that a request claims, for routing: nothing is verified. nullopt when it is unsigned or
// malformed.
[[nodiscard]] std::optional<Scope> ClaimedScope(const HttpRequest& request);

// True when the request carries a signature, or tries to: Authorization header, X-Amz-Algorithm or
// X-Amz-Signature in the query.
[[nodiscard]] bool HasSignature(const HttpRequest& request);

// What x-amz-content-sha256 promises about the body.
enum class PayloadMode {
  kHashed,                 // its SHA-256
  kUnsigned,               // UNSIGNED-PAYLOAD
  kSignedChunks,           // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
  kSignedChunksTrailer,    // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
  kUnsignedChunksTrailer,  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

// nullopt: no value of this header.
[[nodiscard]] std::optional<PayloadMode> ParsePayloadMode(std::string_view content_sha256);

// A request whose signature holds.
struct Verified {
  Scope scope;
  std::string arn;        // of the key
  std::string timestamp;  // YYYYMMDDTHHMMSSZ
  bool presigned = false;
  std::vector<std::string> signed_headers;  // lower case, ascending
  PayloadMode payload_mode = PayloadMode::kHashed;
  std::string content_sha256;  // what stands on the last line of the canonical request
  std::string signature;       // lower-case hex; the seed of signed chunks
  std::string signing_key;     // 32 bytes: derives the chunk signatures. Never leaves the process.
};

// Verifies the one signature of `request`. `body` is the whole body where rules.hash_body, and
// not looked at otherwise. request.body is never read.
Result<Verified> Verify(const HttpRequest& request, std::string_view body, const Rules& rules,
                        const Credentials& credentials, Time now);

// What of Verify needs no body: form, key, token, clock and what is signed. For refusing a large
// body before it is read; a request that passes is not yet verified.
Result<void> CheckBeforeBody(const HttpRequest& request, const Rules& rules,
                             const Credentials& credentials, Time now);

// ---- Signing ----

struct Identity {
  std::string access_key_id;
  std::string secret;
  std::string session_token;  // may be empty
};

struct SignOptions {
  Identity identity;
  std::string region;
  std::string service;
  Time now;
  Rules rules;
  // The last line of the canonical request: hex SHA-256 of the body or a value that
  // x-amz-content-sha256 takes. Empty: hash of `body`.
  std::string content_sha256;
  // Send x-amz-content-sha256 too; S3 asks for it.
  bool send_content_sha256 = false;
  // Add the session token after signing.
  bool leave_token_unsigned = false;
};

// What was signed, for tests and for chunk signing.
struct Signed {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;
  std::string signing_key;
};

// Adds X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 (as asked) and Authorization, after
// every header except those that proxies change is signed. Host must be there.
Signed Sign(HttpRequest& request, std::string_view body, const SignOptions& options);

// Extends the target by the parameters of a presigned request that lives for `life`. Signs every
// header that is there.
Signed Presign(HttpRequest& request, std::string_view body, std::chrono::seconds life,
               const SignOptions& options);

// HMAC chain of the secret over date, region and service: 32 bytes.
[[nodiscard]] std::string SigningKey(std::string_view secret, const Scope& scope);

}  // namespace usher::wire::sigv4
