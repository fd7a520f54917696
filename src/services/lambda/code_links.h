// Links to the code of functions and layers, as GetFunction gives them: good for ten minutes, for
// whoever has them, without a signature of their own.
//
//   /_aws/lambda/code/<kind>/<id>?expires=<seconds>&signature=<HMAC-SHA256 of the rest>
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/result.h"
#include "services/lambda/service.h"

namespace usher::lambda {

inline constexpr std::string_view kCodeLinkPrefix = "/_aws/lambda/code/";
inline constexpr std::chrono::minutes kCodeLinkLife{10};

// `id` of a version ("f:$LATEST"), or of a layer's version.
[[nodiscard]] std::string CodeLink(const Service& service, const wire::CallContext& context,
                                   std::string_view id);
[[nodiscard]] std::string LayerLink(const Service& service, const wire::CallContext& context,
                                    std::string_view id);
// The zip behind a link, given its path and query. Errors: access denied for a link that is not
// ours or too old; not found.
Result<std::unique_ptr<ByteSource>> OpenCodeLink(const Service& service, std::string_view target);

}  // namespace usher::lambda
