// The target of a request, "/path?query", taken apart once. The path stays as it was sent: object
// keys are opaque, so nothing is collapsed and each label is decoded by whoever knows its end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace usher::wire {

inline constexpr std::size_t kMaxParameters = 2000;  // of one query string

// Decoded, in the order of arrival; a name may come more than once.
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct RequestTarget {
  std::string_view path;  // still percent-encoded
  Parameters query;
};

// Errors: invalid input when the query is not percent-encoded UTF-8 or has too many parameters.
Result<RequestTarget> ParseTarget(std::string_view target);

// "a=1&b&c=%20+x" as queries and forms write it; '+' is a space. Errors as above, beyond `limit`.
Result<Parameters> ParseParameters(std::string_view encoded, std::size_t limit);

// The first of this name; nullptr when there is none.
[[nodiscard]] const std::string* FindParameter(const Parameters& parameters, std::string_view name);

}  // namespace usher::wire
