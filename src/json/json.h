// JSON (RFC 8259) to and from Value. Strict: UTF-8 only, no comments, no trailing commas, nothing
// after the value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace usher::json {

inline constexpr std::size_t kMaxDepth = 128;         // nested arrays and objects
inline constexpr std::size_t kMaxValues = 4'000'000;  // of one document; bounds its memory

// Numbers without fraction and exponent that fit become int64, all others double, rounded to
// nearest; one too large for a double is an error. Of equal names in one object the last one
// counts, as the services that clients know read it. Errors: invalid input, with the byte offset
// where reading ended. Cost: O(text).
Result<Value> Parse(std::string_view text, std::size_t max_depth = kMaxDepth);
// The same errors as Parse for the same texts, but no tree is built: for who only passes JSON on.
Result<void> CheckGrammar(std::string_view text, std::size_t max_depth = kMaxDepth);

// Shortest form that reads back equal; no white space. Times become epoch seconds with up to three
// decimals, blobs base64. A double that is not finite becomes null; a stream must not be in the
// tree.
[[nodiscard]] std::string Write(const Value& value);
void Append(std::string& out, const Value& value);
// A JSON string with its quotes. Control characters, '"' and '\' are escaped, everything else stays
// as it is.
void AppendString(std::string& out, std::string_view text);
// Shortest decimal that reads back as the same double, without exponent between 1e-7 and 1e21.
void AppendNumber(std::string& out, double number);

}  // namespace usher::json
