// Why a set-up does not work, in one line for somebody who has never seen the service.
#pragma once

#include <string>
#include <string_view>

#include "services/apigateway/api_call.h"

namespace usher::apigateway {

// What a function's error payload says: "KeyError: 'user_id'".
[[nodiscard]] std::string FunctionErrorOf(std::string_view payload);

// Why the function may have failed with this error; empty when nothing is known of it. Recognises
// what reads a query parameter from the wrong place of a proxy event.
[[nodiscard]] std::string ReasonOfFunctionError(const ApiCall& call, std::string_view error);

// "integration type AWS has no integration response; add one with put-integration-response, …"
[[nodiscard]] std::string ReasonOfNoResponse(const ApiCall& call);

}  // namespace usher::apigateway
