// Presigned links of Signature Version 2, which boto3 and `aws s3 presign` make for us-east-1
// unless told otherwise. Verified, never made; nothing else of that version is accepted.
//
// Source:  Amazon S3 Developer Guide, "Signing and authenticating REST requests", section "Query
//          string request authentication alternative".
// Errors:  AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, as S3 words them.
// Threads: safe from any.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "wire/credentials.h"
#include "wire/http_message.h"
#include "wire/request_target.h"

namespace usher::wire::sigv2 {

// True when the query holds the parts of such a signature.
[[nodiscard]] bool IsLink(const Parameters& query);

struct Verified {
  std::string access_key_id;
  std::string arn;  // of the key
  Headers headers;  // signed ones that stand in the query and count as sent
};

// Only what the signature covers may change what a request means: a parameter that it does not
// cover and that is not known to narrow a listing is refused.
Result<Verified> VerifyLink(const HttpRequest& request, const RequestTarget& target,
                            const Credentials& credentials, Time now);

}  // namespace usher::wire::sigv2
