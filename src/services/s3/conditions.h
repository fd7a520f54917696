// If-Match and its kin.
//
// Source: RFC 9110 section 13; Amazon S3 API Reference, GetObject ("conditional requests"),
//         CopyObject (x-amz-copy-source-if-…), PutObject (If-Match, If-None-Match).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<Time> if_modified_since;
  std::optional<Time> if_unmodified_since;
};

// Errors: PreconditionFailed (412); 304 for a reader that has the object already, with the headers
// that a 304 carries put into `context`.
Result<void> CheckRead(const ReadConditions& conditions, const storage::ObjectInfo& object,
                       wire::CallContext& context);
// The same for the source of a copy, where both failures are PreconditionFailed.
Result<void> CheckCopySource(const ReadConditions& conditions, const storage::ObjectInfo& object);

// The condition of a write; nullptr when there is none. Errors: NotImplemented for an If-None-Match
// other than "*".
Result<storage::Condition> WriteCondition(const std::optional<std::string>& if_match,
                                          const std::optional<std::string>& if_none_match);

// "abc" -> "\"abc\"" and back; text without quotes comes back as it is.
[[nodiscard]] std::string Quoted(std::string_view etag);
[[nodiscard]] std::string_view Unquoted(std::string_view etag);

}  // namespace usher::s3
