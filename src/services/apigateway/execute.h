// Execution of a request whose method is known: validation, integration request, backend,
// integration response, method response.
#pragma once

#include "services/apigateway/api_call.h"
#include "services/apigateway/execution_log.h"
#include "services/apigateway/reply.h"

namespace usher::apigateway {

struct Service;

struct Outcome {
  Reply reply;
  std::optional<Failure> failure;  // when the reply tells of one
};

// `call` has its stage, method and parameters. Also for TestInvokeMethod.
Outcome Execute(ApiCall& call, Service& service, ExecutionLog& log);

}  // namespace usher::apigateway
