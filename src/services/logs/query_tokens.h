// The words of a query.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::logs {

enum class QueryTokenKind { kName, kQuotedName, kText, kNumber, kRegex, kSign, kEnd };

struct QueryToken {
  QueryTokenKind kind = QueryTokenKind::kEnd;
  std::string text;  // without quotes, ` or /
};

// Ends with one of kEnd. `#` begins a comment up to the end of its line. Errors: malformed query.
Result<std::vector<QueryToken>> ReadQueryTokens(std::string_view query);

// MalformedQueryException.
[[nodiscard]] Error MalformedQuery(const std::string& why);

}  // namespace usher::logs
