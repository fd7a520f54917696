#include "services/apigateway/integration_request.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/text.h"
#include "services/apigateway/proxy_event.h"

namespace usher::apigateway {
namespace {

// Of one connection, or set by whoever sends.
constexpr std::array<std::string_view, 12> kOfTheConnection{
    "Connection", "Keep-Alive",     "Proxy-Authenticate", "Proxy-Authorization", "TE",
    "Trailer",    "Upgrade",        "Content-Length",     "Transfer-Encoding",   "Host",
    "Expect",     "Accept-Encoding"};

bool IsOfTheConnection(std::string_view name) {
  return std::ranges::any_of(kOfTheConnection,
                             [&](std::string_view one) { return EqualsIgnoreCase(one, name); });
}

// A header's value must not begin another header.
std::string OneLine(std::string value) {
  std::ranges::replace_if(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return value;
}

void SetParameter(wire::Parameters& parameters, const std::string& name, const std::string& value) {
  std::erase_if(parameters, [&](const auto& one) { return one.first == name; });
  parameters.emplace_back(name, value);
}

// Bytes of a binary type to text, or text to the bytes that it is the base64 of.
// Source: API Gateway Developer Guide, "Content type conversions in API Gateway", requests.
std::optional<std::string> ConvertBody(const ApiCall& call) {
  const std::string& handling = call.method->content_handling;
  const bool is_binary = IsBinaryType(*call.stage, HeaderOf(call, "Content-Type"));
  if (handling == "CONVERT_TO_TEXT" && is_binary) return Base64Encode(call.body);
  if (handling == "CONVERT_TO_BINARY" && !is_binary) {
    auto bytes = Base64Decode(call.body);
    if (!bytes) return std::nullopt;
    return *std::move(bytes);
  }
  return call.body;
}

}  // namespace

std::variant<MappedBody, Failure> MapRequestBody(const ApiCall& call) {
  const CompiledMethod& method = *call.method;
  const std::string type = MediaType(HeaderOf(call, "Content-Type"));
  const auto found = std::ranges::find(method.templates, type, &TypedTemplate::type);
  if (found == method.templates.end()) {
    const bool pass =
        method.passthrough == Passthrough::kWhenNoMatch ||
        (method.passthrough == Passthrough::kWhenNoTemplates && method.templates.empty());
    if (!pass) {
      return Failure{
          .type = "UNSUPPORTED_MEDIA_TYPE",
          .status = 415,
          .message = "Unsupported Media Type",
          .log = "No request template for content type " + type +
                 " and passthroughBehavior forbids to pass the body on",
          .reason = "add a request template for " + type + ", or send another Content-Type",
          .error = {}};
    }
  }
  auto body = ConvertBody(call);
  if (!body) {
    return ConfigurationError("Unable to base64 decode the body",
                              "contentHandling is CONVERT_TO_BINARY, but the request's body is no "
                              "base64");
  }
  if (found == method.templates.end() || found->empty) {
    return MappedBody{.text = *std::move(body), .type = type, .overrides = {}};
  }
  auto rendered = found->code ? RenderTemplate(*found->code, call, *body)
                              : Result<Rendered>(found->code.error());
  if (!rendered) {
    Failure failure =
        ConfigurationError("Unable to transform request",
                           "the request template for " + type + ": " + rendered.error().message);
    failure.error = rendered.error().message;
    return failure;
  }
  return MappedBody{
      .text = std::move(rendered->text), .type = type, .overrides = std::move(rendered->request)};
}

std::optional<std::string> MappedHeader(const ApiCall& call, std::string_view name) {
  for (const Mapping& mapping : call.method->mappings) {
    if (mapping.to.place == Place::kHeader && EqualsIgnoreCase(mapping.to.name, name)) {
      return RequestValue(call, mapping.from);
    }
  }
  return std::nullopt;
}

outbound::HttpCall EndpointRequest(const ApiCall& call, const MappedBody& body) {
  const CompiledMethod& method = *call.method;
  const bool proxy = method.type == IntegrationType::kHttpProxy;
  wire::Parameters query = proxy ? call.query : wire::Parameters();
  wire::Parameters path;
  wire::Headers headers;
  if (proxy) {
    for (const auto& [name, value] : call.headers) {
      if (!IsOfTheConnection(name)) headers.Add(name, OneLine(value));
    }
  } else {
    headers.Set("Content-Type", OneLine(body.type));
    headers.Set("Accept", "application/json");
    headers.Set("User-Agent", "AmazonAPIGateway_" + call.stage->api_id);
    headers.Set("X-Amzn-Apigateway-Api-Id", call.stage->api_id);
  }
  for (const Mapping& mapping : method.mappings) {
    const auto value = RequestValue(call, mapping.from);
    if (!value) continue;
    if (mapping.to.place == Place::kHeader) headers.Set(mapping.to.name, OneLine(*value));
    if (mapping.to.place == Place::kQuery) SetParameter(query, mapping.to.name, *value);
    if (mapping.to.place == Place::kPath) SetParameter(path, mapping.to.name, *value);
  }
  for (const auto& [name, value] : body.overrides.headers) headers.Set(name, OneLine(value));
  for (const auto& [name, value] : body.overrides.query) SetParameter(query, name, value);
  for (const auto& [name, value] : body.overrides.path) SetParameter(path, name, value);

  std::string url = method.uri;
  for (const auto& [name, value] : path) {
    for (const std::string& slot : {"{" + name + "}", "{" + name + "+}"}) {
      const std::size_t at = url.find(slot);
      // A greedy value keeps its slashes.
      if (at != std::string::npos) url.replace(at, slot.size(), PercentEncode(value, true));
    }
  }
  for (const auto& [name, value] : query) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += PercentEncode(name) + "=" + PercentEncode(value);
  }
  outbound::HttpCall request{
      .method = method.integration_verb == "ANY" ? call.verb : method.integration_verb,
      .url = std::move(url),
      .headers = {},
      .body = body.text};
  for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
  request.headers.emplace_back("Expect", "");  // curl would wait for a leave to send
  return request;
}

}  // namespace usher::apigateway
