// The members of an error in JSON, for the two JSON protocols.
#pragma once

#include <string>

#include "wire/protocol.h"

namespace usher::wire {

// `,"message":"…"` and the details, under the names of the error's model where it has one. The
// first member gets its comma when `out` does not end in '{'.
void AppendErrorMembers(std::string& out, const ErrorAnswer& error);

}  // namespace usher::wire
