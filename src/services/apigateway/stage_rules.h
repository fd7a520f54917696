// What a stage may be, for every operation that makes or changes one.
#pragma once

#include "base/result.h"
#include "services/apigateway/catalog.h"

namespace usher::apigateway {

// Errors: invalid input: name, variables, settings, access log.
Result<void> CheckStage(const api::Stage& stage);

// Responses are never cached here.
Error NoCache();

// One patch operation on a stage, also of its methods' settings:
//   /{resource path, ~1 for /}/{METHOD}/logging/loglevel, and /*/*/… for all methods
// Errors: invalid input.
Result<void> PatchStage(api::Stage& stage, const api::PatchOperation& operation);

// The key of a method's settings: "*/*", "a/b/GET", "/GET" for the root.
[[nodiscard]] std::string SettingsKey(std::string_view resource_path, std::string_view method);

}  // namespace usher::apigateway
