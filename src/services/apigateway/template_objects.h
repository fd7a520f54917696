// What mapping templates start with: $input, $context, $util, $stageVariables.
//
// Source: API Gateway Developer Guide, "Variables for data transformations" and "Mapping template
// and access logging variable reference".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/apigateway/api_call.h"
#include "services/apigateway/vtl/template.h"

namespace usher::apigateway {

// What a template asked to be changed: $context.requestOverride, $context.responseOverride.
struct Overrides {
  std::optional<int> status;
  wire::Parameters headers;
  wire::Parameters query;
  wire::Parameters path;
};

struct Rendered {
  std::string text;
  Overrides request;
  Overrides response;
};

// Renders a template over a body: the request's, or that of the integration's answer. Errors: those
// of vtl/template.h. A member of $context that there is not is written as `missing`.
Result<Rendered> RenderTemplate(const vtl::Template& code, const ApiCall& call,
                                std::string_view body, std::string_view missing = {});

}  // namespace usher::apigateway
