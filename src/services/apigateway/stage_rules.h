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

// What the key of a method's settings names: "*/*" all methods, "/a/b/GET" a method of "/a/b". Keys
// are kept as they were given: "~1a~1b/GET" as AWS documents them, "~1/GET" for the root, or with
// plain slashes.
[[nodiscard]] std::string MethodOfKey(std::string_view key);

}  // namespace usher::apigateway
