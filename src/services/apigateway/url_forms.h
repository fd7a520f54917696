// The four forms in which a request for a stage's resource may come:
//
//   http://API.execute-api.REGION.amazonaws.com/STAGE/PATH      by its Host header
//   http://API.execute-api.localhost:4566/STAGE/PATH
//   http://127.0.0.1:4566/restapis/API/STAGE/_user_request_/PATH
//   http://127.0.0.1:4566/_aws/execute-api/API/STAGE/PATH
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/http_message.h"

namespace usher::apigateway {

struct ServedUrl {
  std::string api;
  std::string stage;
  std::string path;    // of the resource, as sent: still percent-encoded, "/" for the root
  std::string domain;  // the Host header without the port
};

// nullopt: the request is for something else, such as the control plane.
[[nodiscard]] std::optional<ServedUrl> FindServedUrl(const wire::HttpRequest& request);

}  // namespace usher::apigateway
