// Members that travel outside the body: labels of the path, query, headers, status. Shared by the
// two REST protocols.
#pragma once

#include "base/result.h"
#include "base/value.h"
#include "wire/http_message.h"
#include "wire/protocol.h"
#include "wire/shape.h"

namespace usher::wire {

// The bound members that the request has. Errors: invalid input naming the member as it travels,
// without a public name.
Result<ValueMap> DecodeBindings(const DecodeInput& input);

// Sets status and headers; leaves the body alone. Content-Length is written for answers to HEAD
// only, which have no body that would tell it.
void EncodeBindings(const Shape& output, const Value& response, bool head, HttpResponse& answer);

// The payload member of a structure; nullptr when its body is not one member.
[[nodiscard]] const Member* PayloadOf(const Shape& shape);

}  // namespace usher::wire
