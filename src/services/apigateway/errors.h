// The refusals that several operations share, in the service's words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::apigateway {

inline Error NoSuchApi(std::string_view id) {
  return NotFound("Invalid API identifier specified 000000000000:" + std::string(id));
}
inline Error NoSuchResource() { return NotFound("Invalid Resource identifier specified"); }
inline Error NoSuchMethod() { return NotFound("Invalid Method identifier specified"); }
inline Error NoSuchIntegration() { return NotFound("Invalid Integration identifier specified"); }
inline Error NoSuchResponse() { return NotFound("Invalid Response status code specified"); }
inline Error NoSuchModel(std::string_view name) {
  return NotFound("Invalid Model Name specified: " + std::string(name));
}
inline Error NoSuchValidator() {
  return NotFound("Invalid Request Validator identifier specified");
}
inline Error NoSuchDeployment() { return NotFound("Invalid Deployment identifier specified"); }
inline Error NoSuchStage() { return NotFound("Invalid stage identifier specified"); }
inline Error NoSuchKey() { return NotFound("Invalid API Key identifier specified"); }
inline Error NoSuchPlan() { return NotFound("Invalid Usage Plan ID specified"); }

}  // namespace usher::apigateway
