#include "services/apigateway/integration_response.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"
#include "json/json_path.h"
#include "services/apigateway/proxy_event.h"
#include "services/apigateway/reasons.h"
#include "services/apigateway/template_objects.h"

namespace usher::apigateway {
namespace {

const ResponseRule* Choose(const CompiledMethod& method, const BackendAnswer& answer) {
  for (const ResponseRule& rule : method.responses) {
    if (!rule.pattern) return &rule;  // those with a pattern come first
    if (answer.selector && rule.pattern->Matches(*answer.selector)) return &rule;
  }
  return nullptr;
}

std::optional<std::string> ValueOf(const ApiCall& call, const BackendAnswer& answer,
                                   const MappingEnd& from) {
  if (from.place == Place::kHeader) {
    std::optional<std::string> found;
    for (const auto& [name, value] : answer.headers) {
      if (!EqualsIgnoreCase(name, from.name)) continue;
      found = found && from.multi ? *found + "," + value : value;
    }
    return found;
  }
  if (from.place != Place::kBody) return RequestValue(call, from);
  if (from.name.empty()) return answer.body;
  const auto path = json::JsonPath::Parse(from.name);
  const auto document = json::Parse(answer.body);
  if (!path || !document) return std::nullopt;
  const auto found = path->Get(*document);
  if (!found || !*found) return std::nullopt;
  return (*found)->as_string() ? *(*found)->as_string() : json::Write(**found);
}

// The template for a client: of JSON where there is one, else the first.
const TypedTemplate* ChooseTemplate(const ResponseRule& rule) {
  if (rule.templates.empty()) return nullptr;
  const auto found =
      std::ranges::find(rule.templates, std::string_view("application/json"), &TypedTemplate::type);
  return found == rule.templates.end() ? &rule.templates.front() : &*found;
}

// The bytes that a text is the base64 of; a function gives it as a string of JSON.
Result<std::string> Decoded(const std::string& text) {
  if (text.starts_with('"')) {
    const auto string = json::Parse(text);
    if (string && string->as_string() != nullptr) return Base64Decode(*string->as_string());
  }
  return Base64Decode(text);
}

// To bytes or to text: as contentHandling says, else as the client accepts. False when a text that
// should become bytes is no base64.
// Source: API Gateway Developer Guide, "Content type conversions in API Gateway", responses.
bool ConvertBody(const ApiCall& call, const ResponseRule& rule, std::string& body) {
  const std::string_view accept = HeaderOf(call, "Accept");
  const bool has_binary_types = !call.stage->binary_types.empty();
  const bool wants_bytes = rule.content_handling == "CONVERT_TO_BINARY" ||
                           (rule.content_handling.empty() &&
                            IsBinaryType(*call.stage, accept.substr(0, accept.find(','))));
  const bool wants_text = rule.content_handling == "CONVERT_TO_TEXT" ||
                          (rule.content_handling.empty() && has_binary_types && !wants_bytes);
  const bool is_text = IsUtf8(body);
  if (wants_bytes && is_text) {
    auto bytes = Decoded(body);
    if (!bytes) return false;
    body = *std::move(bytes);
  } else if (wants_text && !is_text) {
    body = Base64Encode(body);
  }
  return true;
}

}  // namespace

std::variant<Reply, Failure> MapResponse(const ApiCall& call, BackendAnswer answer) {
  const CompiledMethod& method = *call.method;
  const ResponseRule* const rule = Choose(method, answer);
  if (rule == nullptr) {
    return ConfigurationError(
        "No match for output mapping and no default endpoint mapping configured",
        ReasonOfNoResponse(call));
  }
  const auto declared = method.declared.find(rule->status);
  if (declared == method.declared.end()) {
    return ConfigurationError(
        "Output mapping refers to an invalid method response: " + rule->status,
        "the integration response for " + rule->status +
            " has no method response; add one with put-method-response, then create-deployment");
  }
  Reply reply{.status = std::atoi(rule->status.c_str()), .headers = {}, .body = {}};
  std::string type = answer.type;
  Overrides overrides;
  const TypedTemplate* const chosen = ChooseTemplate(*rule);
  if (chosen == nullptr || chosen->empty) {
    reply.body = answer.body;  // headers may be taken from it below
  } else {
    auto rendered = chosen->code ? RenderTemplate(*chosen->code, call, answer.body)
                                 : Result<Rendered>(chosen->code.error());
    if (!rendered) {
      Failure failure =
          ConfigurationError("Unable to transform response",
                             "the response template for " + chosen->type + " of status " +
                                 rule->status + ": " + rendered.error().message);
      failure.error = rendered.error().message;
      return failure;
    }
    reply.body = std::move(rendered->text);
    type = chosen->type;
    overrides = std::move(rendered->response);
  }
  if (!ConvertBody(call, *rule, reply.body)) {
    return ConfigurationError(
        "Unable to base64 decode the body",
        rule->content_handling.empty()
            ? "the client accepts a binary type of the API, so that the answer should be base64; "
              "set contentHandling to CONVERT_TO_TEXT to send text"
            : "contentHandling is CONVERT_TO_BINARY, but the answer is no base64");
  }
  reply.headers.Add("Content-Type", type);
  for (const Mapping& mapping : rule->mappings) {
    // Only what the method response declares is sent.
    if (std::ranges::find(declared->second, AsciiLower(mapping.to.name)) ==
        declared->second.end()) {
      continue;
    }
    if (const auto value = ValueOf(call, answer, mapping.from)) {
      reply.headers.Set(mapping.to.name, *value);
    }
  }
  for (const auto& [name, value] : overrides.headers) reply.headers.Set(name, value);
  if (overrides.status) reply.status = *overrides.status;
  return reply;
}

}  // namespace usher::apigateway
