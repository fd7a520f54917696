// Bodies that clients have packed: Content-Encoding: gzip (RFC 1952), as they send large ones of
// operations whose model lets them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::wire {

// All of what was packed. Errors: invalid input for what is no gzip stream, or for more behind it;
// limit exceeded when it has more than `limit` bytes. Memory: no more than the limit.
Result<std::string> Gunzip(std::string_view packed, std::size_t limit);

}  // namespace usher::wire
