#include "services/apigateway/reasons.h"

#include <algorithm>

#include "base/value_members.h"
#include "json/json.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxErrorBytes = 500;

// The key of "KeyError: 'user_id'", as Python says it, and of "Cannot read properties of undefined
// (reading 'user_id')", as JavaScript does; empty when the error names none.
std::string_view KeyOf(std::string_view error) {
  for (const std::string_view before : {"KeyError: '", "(reading '"}) {
    const std::size_t at = error.find(before);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = error.substr(at + before.size());
    return rest.substr(0, rest.find('\''));
  }
  return {};
}

// As variables of an environment are written, and parameters of a request hardly ever.
bool IsLikeAVariable(std::string_view key) {
  return key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

bool Has(const wire::Parameters& parameters, std::string_view name) {
  return std::ranges::any_of(parameters, [&](const auto& one) { return one.first == name; });
}

}  // namespace

std::string FunctionErrorOf(std::string_view payload) {
  const auto document = json::Parse(payload);
  if (!document) return std::string(payload.substr(0, kMaxErrorBytes));
  const std::string type = TextOf(*document, "errorType");
  const std::string message = TextOf(*document, "errorMessage");
  const std::string both = type.empty() ? message : type + ": " + message;
  return both.empty() ? "the function failed without a message" : both.substr(0, kMaxErrorBytes);
}

std::string ReasonOfFunctionError(const ApiCall& call, std::string_view error) {
  const std::string key(KeyOf(error));
  if (key.empty()) return {};
  const std::string read = "; the function read event['" + key + "']";
  const bool is_sent = Has(call.query, key) || Has(call.path_parameters, key);
  if (IsLikeAVariable(key) && !is_sent) {
    return "the function's environment seems to have no variable " + key;
  }
  if (call.method->type == IntegrationType::kAwsProxy) {
    if (Has(call.query, key)) {
      return "AWS_PROXY events carry query parameters under queryStringParameters" + read;
    }
    if (Has(call.path_parameters, key)) {
      return "AWS_PROXY events carry path parameters under pathParameters" + read;
    }
    if (!call.body.empty() && call.body.find("\"" + key + "\"") != std::string::npos) {
      return "AWS_PROXY events carry the request's body as a text under body" + read;
    }
    return "AWS_PROXY events have no key '" + key +
           "' of their own: query parameters are under queryStringParameters, and this request has "
           "none so called";
  }
  if (call.method->templates.empty()) {
    return "the integration has no request template, so the function's event is the request's body"
           "; a template for application/json can make it, for instance {\"" +
           key + "\": \"$input.params('" + key + "')\"}";
  }
  return "the request template makes the function's event; it gives no '" + key + "'";
}

std::string ReasonOfNoResponse(const ApiCall& call) {
  const std::string type = call.method->type == IntegrationType::kAws    ? "AWS"
                           : call.method->type == IntegrationType::kHttp ? "HTTP"
                                                                         : "MOCK";
  if (!call.method->responses.empty()) {
    return "no integration response has a selectionPattern that matches, and none is without one; "
           "a default one takes whatever the others do not";
  }
  return "integration type " + type +
         " has no integration response; add one with put-integration-response (and a method "
         "response with put-method-response), then create-deployment";
}

}  // namespace usher::apigateway
