// The event and the answer of a Lambda proxy integration, payload format 1.0.
//
// Source: API Gateway Developer Guide, "Input format of a Lambda function for proxy integration"
// and "Output format …".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/apigateway/api_call.h"
#include "services/apigateway/reply.h"

namespace usher::apigateway {

// The event's JSON. Cost: O(request), written once, without a tree.
[[nodiscard]] std::string ProxyEvent(const ApiCall& call);

// What a function's payload says. Errors: invalid input, saying what makes it no proxy answer.
Result<Reply> ReadProxyAnswer(std::string_view payload, const ApiCall& call);

// Whether a body of this type is handled as bytes, by the API's binaryMediaTypes.
[[nodiscard]] bool IsBinaryType(const StageSnapshot& stage, std::string_view content_type);

}  // namespace usher::apigateway
