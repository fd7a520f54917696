// CBOR (RFC 8949) to and from Value, as far as Smithy's RPC v2 uses it: integers, floats, texts,
// byte strings, arrays, maps with text keys, booleans, null, and times (tag 1). Texts, byte
// strings, arrays and maps may be of indefinite length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace usher::wire {

inline constexpr std::size_t kMaxCborDepth = 64;
inline constexpr std::size_t kMaxCborValues = 1'000'000;  // of one document; bounds its memory

// Byte strings become Blobs, tagged times Times; other tags are passed over. Of equal keys in one
// map the last one counts. Errors: invalid input, with the offset where reading ended. Cost:
// O(bytes).
Result<Value> ParseCbor(std::string_view bytes);

// In the shortest form; doubles that are whole numbers stay doubles. A stream must not be in the
// tree.
void AppendCbor(std::string& out, const Value& value);
void AppendCborText(std::string& out, std::string_view text);
// The head of an array or a map whose `count` elements (pairs) follow.
void AppendCborArrayHead(std::string& out, std::size_t count);
void AppendCborMapHead(std::string& out, std::size_t count);

}  // namespace usher::wire
