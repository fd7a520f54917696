// TakeContext: what --context says of the situation of a request.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/recommend.h"

namespace usher::cli {

// "DEVICE=tv,HOUR=9".
Result<void> TakeContext(std::string_view text, engine::RequestContext& context);

}  // namespace usher::cli
