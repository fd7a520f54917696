// Runs one codec without a server: for the protocols' tests.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "wire/protocol.h"

namespace usher::wire {

inline constexpr std::string_view kTestRequestId = "REQUEST-1";

struct TestRequest {
  std::string_view body;
  Headers headers = {};
  UriLabels labels = {};
  Parameters query = {};
};

inline const Operation& Op(std::string_view service, std::string_view name) {
  const Operation* operation = FindOperation(*FindService(service), name);
  Check(operation && operation->implemented, "the test's operation is built");
  return *operation;
}

inline Result<Value> Decode(const Operation& operation, const TestRequest& request) {
  return CodecFor(operation.service->protocol)
      .decode({.operation = operation,
               .headers = request.headers,
               .labels = request.labels,
               .query = request.query,
               .body = request.body,
               .stream = std::make_shared<StringSource>(std::string(request.body))});
}

// What was decoded, as JSON; the error's "name: message" otherwise.
inline std::string Decoded(const Operation& operation, const TestRequest& request) {
  const auto value = Decode(operation, request);
  return value ? json::Write(*value) : value.error().wire_name + ": " + value.error().message;
}

inline HttpResponse Encode(const Operation& operation, const Value& value, bool head = false) {
  return CodecFor(operation.service->protocol)
      .encode(operation, value, {.request_id = kTestRequestId, .head = head});
}

// A value for Encode, from JSON.
inline Value Tree(std::string_view text) { return *json::Parse(text); }

inline std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  const std::string* value = response.headers.Find(name);
  return value ? *value : "(none)";
}

}  // namespace usher::wire
