// Check: a promise between our own functions, tested in every build. Never for outside input.
#pragma once

#include <source_location>
#include <string_view>

namespace usher {

// Prints what was promised and where, then aborts, when `holds` is false.
void Check(bool holds, std::string_view promise,
           std::source_location where = std::source_location::current());

}  // namespace usher
