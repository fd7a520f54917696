#include "services/apigateway/integration_uri.h"

#include "base/text.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kFunctions = "path/2015-03-31/functions/";
constexpr std::string_view kInvocations = "/invocations";

}  // namespace

Result<LambdaTarget> ParseLambdaUri(std::string_view uri) {
  // arn : partition : apigateway : region : service : path
  std::string_view rest = uri;
  std::string_view parts[5];
  for (std::string_view& part : parts) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) {
      return InvalidInput(
          "Invalid ARN specified in the request: the URI of an AWS integration is "
          "arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/"
          "FUNCTION_ARN/invocations");
    }
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[2] != "apigateway" || parts[3].empty()) {
    return InvalidInput("Invalid ARN specified in the request");
  }
  if (parts[4] != "lambda") {
    return InvalidInput("Integrations with the service '" + std::string(parts[4].substr(0, 100)) +
                        "' are not supported by Usher; those with lambda are");
  }
  if (!rest.starts_with(kFunctions) || !rest.ends_with(kInvocations) ||
      rest.size() <= kFunctions.size() + kInvocations.size()) {
    return InvalidInput(
        "AWS ARN for integration must contain path or action: "
        "path/2015-03-31/functions/FUNCTION_ARN/invocations");
  }
  const std::string_view function =
      rest.substr(kFunctions.size(), rest.size() - kFunctions.size() - kInvocations.size());
  const auto arn = Split(function, ':');
  const bool is_arn = arn.size() >= 7 && arn[0] == "arn" && arn[2] == "lambda";
  if (!is_arn) {
    return InvalidInput("Invalid lambda function ARN in the integration's URI: '" +
                        std::string(function.substr(0, 200)) + "'");
  }
  return LambdaTarget{.region = std::string(arn[3]),
                      .function = std::string(function),
                      .url = "https://lambda." + std::string(parts[3]) + ".amazonaws.com/" +
                             std::string(rest.substr(sizeof("path/") - 1))};
}

}  // namespace usher::apigateway
