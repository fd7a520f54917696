// From an error's kind to the name and status under which a service's clients know it.
#pragma once

#include "base/error.h"
#include "wire/protocol.h"

namespace usher::wire {

// `operation` may be nullptr. A name that the error carries is kept, but for "ValidationException",
// which becomes the service's own name for bad input where its model does not know it. Errors of
// the machine keep their message for the log: the answer only says that there is one.
ErrorAnswer NameError(const Service& service, const Operation* operation, const Error& error);

// The same where the service is not known.
ErrorAnswer NameError(Protocol protocol, const Error& error);

// True for errors that are the server's fault, whose message belongs into the log.
[[nodiscard]] bool IsInternal(const Error& error);

}  // namespace usher::wire
