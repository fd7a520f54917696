// The integration request: what is sent to the backend for a request to a method.
#pragma once

#include <string>
#include <variant>

#include "outbound/http_client.h"
#include "services/apigateway/api_call.h"
#include "services/apigateway/execution_log.h"
#include "services/apigateway/reply.h"
#include "services/apigateway/template_objects.h"

namespace usher::apigateway {

struct MappedBody {
  std::string text;
  std::string type;  // of the content
  Overrides overrides;
};

// The body for a custom integration: the template of the request's content type, or the body as it
// came, as passthroughBehavior says. A Failure: 415, or 500 for a template that fails.
std::variant<MappedBody, Failure> MapRequestBody(const ApiCall& call);

// The value that the method's mappings give to integration.request.header.NAME; nullopt: none.
[[nodiscard]] std::optional<std::string> MappedHeader(const ApiCall& call, std::string_view name);

// The request for an HTTP endpoint, for both types of integration.
outbound::HttpCall EndpointRequest(const ApiCall& call, const MappedBody& body);

}  // namespace usher::apigateway
