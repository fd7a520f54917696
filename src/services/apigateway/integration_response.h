// The integration response: how a backend's answer becomes the method's.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "services/apigateway/api_call.h"
#include "services/apigateway/execution_log.h"
#include "services/apigateway/reply.h"

namespace usher::apigateway {

// What the backend said, whatever it is.
struct BackendAnswer {
  // What selection patterns are matched against: the errorMessage of a failed function, an HTTP
  // status. nullopt: only the default response fits.
  std::optional<std::string> selector;
  wire::Headers headers;
  std::string body;
  std::string type = "application/json";
};

// The reply by the integration response that fits. A Failure: none fits, it names a status without
// a method response, or its template fails.
std::variant<Reply, Failure> MapResponse(const ApiCall& call, BackendAnswer answer);

}  // namespace usher::apigateway
