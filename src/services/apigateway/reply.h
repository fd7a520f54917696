// Reply and Failure: how a request to a stage ends.
#pragma once

#include <string>
#include <string_view>

#include "services/apigateway/api_call.h"
#include "services/apigateway/execution_log.h"
#include "wire/http_message.h"

namespace usher::apigateway {

struct Reply {
  int status = 200;
  wire::Headers headers;
  std::string body;
};

// A request that did not get the integration's answer. `type` names the gateway response that
// shapes the reply.
struct Failure {
  std::string_view type;  // "API_CONFIGURATION_ERROR"
  int status = 500;
  std::string message;  // for the client
  std::string log;      // for the execution log, in the service's words; empty: none
  std::string reason;   // for people: what is wrong and what to do; empty: nothing to add
  std::string error;    // what the function or the endpoint said: "KeyError: 'user_id'"
};

// The usual failures. `log` and `reason` as above.
Failure ConfigurationError(std::string log, std::string reason);  // 500
Failure TimedOut(std::string log, std::string reason);            // 504
Failure MissingToken(std::string reason);                         // 403, no such resource or method
Failure Forbidden(std::string log, std::string reason);           // 403

// The reply to a failure, as the stage's gateway responses shape it, with x-amzn-ErrorType. Sets
// the call's error fields.
Reply ReplyTo(const Failure& failure, ApiCall& call, ExecutionLog& log);

}  // namespace usher::apigateway
