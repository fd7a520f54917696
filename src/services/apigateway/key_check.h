// API keys and usage plans at a request: who may come, how often, and how many times in all.
#pragma once

#include <optional>

#include "services/apigateway/api_call.h"
#include "services/apigateway/reply.h"

namespace usher::apigateway {

struct Service;

// nullopt: the method asks for no key, or the request's key is good, its plans include the stage
// and leave room. 403 without a good key; 429 beyond a plan's rate or quota.
std::optional<Failure> CheckKey(ApiCall& call, Service& service);

}  // namespace usher::apigateway
