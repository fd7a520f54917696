// Continuation tokens of listings: where the next page begins, opaque to clients.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::s3 {

[[nodiscard]] std::string EncodeListToken(std::string_view from);
// Errors: InvalidArgument for what this server cannot have made.
Result<std::string> DecodeListToken(std::string_view token);

}  // namespace usher::s3
