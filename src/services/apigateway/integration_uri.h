// Where an integration of type AWS or AWS_PROXY leads.
//
//   arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::apigateway {

struct LambdaTarget {
  std::string region;    // of the function
  std::string function;  // its ARN, with a qualifier if one was given
  std::string url;       // as the execution log shows it
};

// Errors: invalid input for what is no such URI, or names another service.
Result<LambdaTarget> ParseLambdaUri(std::string_view uri);

}  // namespace usher::apigateway
