// Request validation: what a method's validator asks of a request before the integration is called.
#pragma once

#include <optional>

#include "services/apigateway/api_call.h"
#include "services/apigateway/reply.h"

namespace usher::apigateway {

// nullopt: the request may go on. 400 for a required parameter that is missing or empty, and for a
// body that its model does not take. A method without a validator asks for nothing.
std::optional<Failure> ValidateCall(ApiCall& call);

}  // namespace usher::apigateway
