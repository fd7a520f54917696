// The checksums that S3 clients put in the headers of small requests (DeleteObjects,
// PutBucketTagging …), whose bodies are read before they are decoded.
#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/http_message.h"

namespace usher::wire {

// Content-MD5, where there is one. Errors: InvalidDigest for a value that is none, BadDigest for
// one that is another body's.
Result<void> CheckContentMd5(const Headers& headers, std::string_view body);

// Each x-amz-checksum-… header that there is. Errors: InvalidRequest, BadDigest.
Result<void> CheckChecksumHeaders(const Headers& headers, std::string_view body);

}  // namespace usher::wire
