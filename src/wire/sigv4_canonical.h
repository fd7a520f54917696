// The canonical request of Signature Version 4: the one text that both sides derive from a request.
//
// Source:  AWS General Reference, "Create a canonical request".
// Errors:  invalid input for a '%' without two hex digits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http_message.h"
#include "wire/sigv4.h"

namespace usher::wire::sigv4 {

struct Parameter {
  std::string name;   // decoded
  std::string value;  // decoded; "" without '='
};

struct Target {
  std::string path;                   // as sent
  std::vector<Parameter> parameters;  // as sent, in order
};

// Splits path and query and decodes the query: '+' is a space, as for the protocols. An empty piece
// of the query ("a&&b") counts as a parameter without name, so that no change of the query goes
// unnoticed.
Result<Target> ParseTarget(std::string_view target);

[[nodiscard]] std::string CanonicalPath(std::string_view path, const Rules& rules);
// Encoded, sorted by name, then by value; without the parameters called one of `left_out`.
[[nodiscard]] std::string CanonicalQuery(std::span<const Parameter> parameters,
                                         std::span<const std::string_view> left_out);
// Trimmed, every run of white space one space, several fields of one name joined by commas.
[[nodiscard]] std::string CanonicalHeaderValue(const Headers& headers, std::string_view name);

// `signed_headers`: lower case, ascending.
[[nodiscard]] std::string CanonicalRequest(const HttpRequest& request, std::string_view path,
                                           std::string_view canonical_query,
                                           std::span<const std::string> signed_headers,
                                           std::string_view content_sha256);

[[nodiscard]] std::string StringToSign(std::string_view timestamp, const Scope& scope,
                                       std::string_view canonical_request);

}  // namespace usher::wire::sigv4
