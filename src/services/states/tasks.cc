// Operations SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat: the ends of tasks that wait for
// their token. Errors of all: invalid token; task timed out when nothing waits for it.
#include "json/json.h"
#include "services/states/operations.h"

namespace usher::states {

Result<api::SendTaskSuccessOutput> SendTaskSuccess(const api::SendTaskSuccessInput& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto output = json::Parse(request.output, kMaxDataDepth);
  if (!output) {
    return Named("InvalidOutput", ErrorCode::kInvalidInput,
                 "Invalid Output: it is not JSON: " + output.error().message, 400);
  }
  const auto sent = service.driver.SucceedTask(request.task_token, *output);
  if (!sent) return sent.error();
  return api::SendTaskSuccessOutput{};
}

Result<api::SendTaskFailureOutput> SendTaskFailure(const api::SendTaskFailureInput& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto sent = service.driver.FailTask(
      request.task_token, {request.error.value_or(""), request.cause.value_or("")});
  if (!sent) return sent.error();
  return api::SendTaskFailureOutput{};
}

Result<api::SendTaskHeartbeatOutput> SendTaskHeartbeat(const api::SendTaskHeartbeatInput& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  const auto sent = service.driver.Heartbeat(request.task_token);
  if (!sent) return sent.error();
  return api::SendTaskHeartbeatOutput{};
}

}  // namespace usher::states
