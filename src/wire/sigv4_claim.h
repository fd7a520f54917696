// What a request claims about its signature: the Authorization header or the query parameters of a
// presigned request, parsed and bounded, nothing verified.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http_message.h"
#include "wire/sigv4.h"
#include "wire/sigv4_canonical.h"
#include "wire/sigv4_refusal.h"

namespace usher::wire::sigv4 {

struct Claim {
  Scope scope;
  std::vector<std::string> signed_headers;  // lower case, strictly ascending, not empty
  std::string signature;                    // 64 lower-case hex digits
  std::string timestamp;                    // YYYYMMDDTHHMMSSZ
  Time signed_at;
  std::optional<std::chrono::seconds> life;  // of a presigned request
  std::optional<std::string> session_token;
};

// True when the signature stands in the query.
[[nodiscard]] bool IsPresigned(const Target& target);

// "access_key_id/date/region/service/aws4_request"; nullopt when it is not of this form.
[[nodiscard]] std::optional<Scope> ParseCredential(std::string_view credential);

Result<Claim> ParseHeaderClaim(const HttpRequest& request, const Refusal& refusal);
Result<Claim> ParseQueryClaim(const Target& target, const Refusal& refusal);

// The elements of "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…".
struct AuthorizationElements {
  std::string_view credential;
  std::string_view signed_headers;
  std::string_view signature;
};
Result<AuthorizationElements> ParseAuthorization(std::string_view authorization,
                                                 const Refusal& refusal);

}  // namespace usher::wire::sigv4
