// ApiCall: one request to a stage, and what has become of it so far: all that mappings, templates,
// logs and gateway responses read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/apigateway/stage_snapshot.h"
#include "wire/dispatcher.h"
#include "wire/http_message.h"
#include "wire/request_target.h"

namespace usher::apigateway {

struct ApiCall {
  // As it came.
  std::string request_id;
  std::string extended_id;
  Time time;
  std::string verb;
  std::string path;  // of the resource, percent-encoded as sent
  wire::Parameters query;
  wire::Headers headers;
  std::string body;
  std::string peer;
  std::string domain;
  wire::TraceContext trace;
  std::string user_arn;       // of whoever signed it
  std::string access_key_id;  // the same
  bool is_test = false;       // TestInvokeMethod

  // What it was found to be for. The snapshot outlives the call.
  std::shared_ptr<const StageSnapshot> stage;
  const CompiledMethod* method = nullptr;
  std::string resource_path;
  std::string resource_id;
  wire::Parameters path_parameters;
  std::string api_key;
  std::string api_key_id;

  // What went wrong, for $context.error.
  std::string error_message;
  std::string error_type;
  std::string validation_error;

  // For the access log.
  int status = 0;
  std::size_t response_bytes = 0;
  std::int64_t response_ms = 0;
  int integration_status = 0;
  std::int64_t integration_ms = -1;
  std::string integration_error;
};

// The first header of this name, or nothing.
[[nodiscard]] std::string_view HeaderOf(const ApiCall& call, std::string_view name);

// "identity.sourceIp", "error.messageString"; nullopt for what there is not.
[[nodiscard]] std::optional<std::string> ContextValue(const ApiCall& call, std::string_view name);

// "application/json; charset=utf-8" as "application/json"; "application/json" when there is none.
[[nodiscard]] std::string MediaType(std::string_view content_type);

// The value that a mapping takes from the request; nullopt when it is not there.
[[nodiscard]] std::optional<std::string> RequestValue(const ApiCall& call, const MappingEnd& from);

// 21/Jul/2022:01:02:03 +0000
[[nodiscard]] std::string CommonLogTime(Time time);

}  // namespace usher::apigateway
