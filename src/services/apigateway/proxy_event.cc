#include "services/apigateway/proxy_event.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"
#include "log_events/as_utf8.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kAllowed[] = {"statusCode", "headers", "multiValueHeaders", "body",
                                         "isBase64Encoded"};

void Name(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  json::AppendString(out, name);
  out += ':';
}

void Text(std::string& out, std::string_view name, std::string_view value) {
  Name(out, name);
  json::AppendString(out, value);
}

void TextOrNull(std::string& out, std::string_view name, std::string_view value) {
  Name(out, name);
  if (value.empty()) {
    out += "null";
  } else {
    json::AppendString(out, value);
  }
}

using Entry = std::pair<std::string, std::string>;

// {"name":"value"}, of equal names the last value, in the order of the first; null where there are
// none.
template <typename Same>
void Single(std::string& out, std::string_view name, const std::vector<const Entry*>& entries,
            Same same) {
  Name(out, name);
  if (entries.empty()) {
    out += "null";
    return;
  }
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry* last = entries[i];
    bool first = true;
    for (std::size_t j = 0; j < entries.size(); ++j) {
      if (!same(entries[j]->first, entries[i]->first)) continue;
      if (j < i) first = false;
      if (j > i) last = entries[j];
    }
    if (first) Text(out, entries[i]->first, last->second);
  }
  out += '}';
}

template <typename Same>
void Multi(std::string& out, std::string_view name, const std::vector<const Entry*>& entries,
           Same same) {
  Name(out, name);
  if (entries.empty()) {
    out += "null";
    return;
  }
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool seen =
        std::any_of(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Entry* e) { return same(e->first, entries[i]->first); });
    if (seen) continue;
    Name(out, entries[i]->first);
    out += '[';
    for (std::size_t j = i; j < entries.size(); ++j) {
      if (!same(entries[j]->first, entries[i]->first)) continue;
      if (out.back() != '[') out += ',';
      json::AppendString(out, entries[j]->second);
    }
    out += ']';
  }
  out += '}';
}

template <typename Pairs>
std::vector<const Entry*> Pointers(const Pairs& pairs) {
  std::vector<const Entry*> out;
  out.reserve(pairs.size());
  for (const Entry& pair : pairs) out.push_back(&pair);
  return out;
}

bool SameText(std::string_view a, std::string_view b) { return a == b; }

void Context(std::string& out, const ApiCall& call) {
  Name(out, "requestContext");
  out += '{';
  Text(out, "resourceId", call.resource_id);
  Text(out, "resourcePath", call.resource_path);
  Text(out, "httpMethod", call.verb);
  Text(out, "extendedRequestId", call.extended_id);
  Text(out, "requestTime", CommonLogTime(call.time));
  Text(out, "path", ContextValue(call, "path").value_or(""));
  Text(out, "accountId", wire::kAccountId);
  Text(out, "protocol", "HTTP/1.1");
  Text(out, "stage", call.stage->stage);
  Text(out, "domainPrefix", std::string_view(call.domain).substr(0, call.domain.find('.')));
  Name(out, "requestTimeEpoch");
  out += std::to_string(EpochMillis(call.time));
  Text(out, "requestId", call.request_id);
  Name(out, "identity");
  out += '{';
  for (const std::string_view absent :
       {"cognitoIdentityPoolId", "cognitoIdentityId", "principalOrgId", "cognitoAuthenticationType",
        "cognitoAuthenticationProvider"}) {
    TextOrNull(out, absent, "");
  }
  TextOrNull(out, "accountId", call.user_arn.empty() ? std::string_view() : wire::kAccountId);
  TextOrNull(out, "userArn", call.user_arn);
  TextOrNull(out, "user", call.user_arn);
  TextOrNull(out, "caller", call.user_arn);
  TextOrNull(out, "accessKey", call.access_key_id);
  if (!call.api_key.empty()) {
    Text(out, "apiKey", call.api_key);
    Text(out, "apiKeyId", call.api_key_id);
  }
  Text(out, "sourceIp", call.peer);
  TextOrNull(out, "userAgent", log_events::AsUtf8(HeaderOf(call, "User-Agent")));
  out += '}';
  Text(out, "domainName", call.domain);
  Text(out, "deploymentId", call.stage->deployment_id);
  Text(out, "apiId", call.stage->api_id);
  out += '}';
}

Result<std::string> HeaderText(const Value& value, std::string_view name) {
  if (value.as_string()) return *value.as_string();
  if (value.as_bool()) return std::string(*value.as_bool() ? "true" : "false");
  if (value.as_int() || value.as_double()) return json::Write(value);
  return InvalidInput("the header " + std::string(name.substr(0, 100)) +
                      " is neither a text nor a number");
}

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Result<void> AddHeader(Reply& reply, const std::string& name, const Value& value) {
  if (value.is_null()) return {};
  auto text = HeaderText(value, name);
  if (!text) return text.error();
  if (!IsHeaderName(name) || !IsHeaderValue(*text)) {
    return InvalidInput("the header '" + name.substr(0, 100) + "' is not one that HTTP knows");
  }
  reply.headers.Add(name, *std::move(text));
  return {};
}

Result<void> ReadHeaders(const Value& answer, Reply& reply) {
  const Value* const several = answer.Find("multiValueHeaders");
  const ValueMap* const lists = several != nullptr ? several->as_map() : nullptr;
  if (several != nullptr && !several->is_null() && lists == nullptr) {
    return InvalidInput("multiValueHeaders is not an object");
  }
  const Value* const single = answer.Find("headers");
  if (single != nullptr && !single->is_null()) {
    if (!single->as_map()) return InvalidInput("headers is not an object");
    for (const auto& [name, value] : *single->as_map()) {
      if (lists != nullptr && lists->Find(name) != nullptr) continue;  // the list counts
      if (auto added = AddHeader(reply, name, value); !added) return added;
    }
  }
  if (lists == nullptr) return {};
  for (const auto& [name, values] : *lists) {
    if (!values.as_list()) {
      return InvalidInput("multiValueHeaders: " + name.substr(0, 100) + " is not a list");
    }
    for (const Value& value : *values.as_list()) {
      if (auto added = AddHeader(reply, name, value); !added) return added;
    }
  }
  return {};
}

}  // namespace

bool IsBinaryType(const StageSnapshot& stage, std::string_view content_type) {
  const std::string type = MediaType(content_type);
  return std::ranges::any_of(stage.binary_types, [&](const std::string& one) {
    if (one == "*/*") return true;
    if (one.ends_with("/*")) {
      return type.starts_with(AsciiLower(std::string_view(one).substr(0, one.size() - 1)));
    }
    return EqualsIgnoreCase(one, type);
  });
}

std::string ProxyEvent(const ApiCall& call) {
  std::string out;
  out.reserve(3000 + call.body.size() * 5 / 4);
  out = "{";
  Text(out, "resource", call.resource_path);
  Text(out, "path", call.path);
  Text(out, "httpMethod", call.verb);
  // Header values may be any bytes; JSON takes text.
  std::vector<Entry> texts;
  for (const Entry& header : call.headers) {
    if (!IsUtf8(header.second)) texts.emplace_back(header.first, log_events::AsUtf8(header.second));
  }
  std::vector<const Entry*> headers = Pointers(call.headers);
  for (std::size_t i = 0, t = 0; i < headers.size(); ++i) {
    if (!IsUtf8(headers[i]->second)) headers[i] = &texts[t++];
  }
  Single(out, "headers", headers, EqualsIgnoreCase);
  Multi(out, "multiValueHeaders", headers, EqualsIgnoreCase);
  const auto query = Pointers(call.query);
  Single(out, "queryStringParameters", query, SameText);
  Multi(out, "multiValueQueryStringParameters", query, SameText);
  Single(out, "pathParameters", Pointers(call.path_parameters), SameText);
  Name(out, "stageVariables");
  if (call.stage->variables.empty()) {
    out += "null";
  } else {
    out += '{';
    for (const auto& [name, value] : call.stage->variables) Text(out, name, value);
    out += '}';
  }
  Context(out, call);
  const bool binary =
      !call.body.empty() && IsBinaryType(*call.stage, HeaderOf(call, "Content-Type"));
  Name(out, "body");
  if (call.body.empty()) {
    out += "null";
  } else if (binary) {
    json::AppendString(out, Base64Encode(call.body));
  } else {
    json::AppendString(out, log_events::AsUtf8(call.body));
  }
  Name(out, "isBase64Encoded");
  out += binary ? "true}" : "false}";
  return out;
}

Result<Reply> ReadProxyAnswer(std::string_view payload, const ApiCall& call) {
  const auto answer = json::Parse(payload);
  if (!answer) return InvalidInput("it is not JSON: " + answer.error().message);
  const ValueMap* const map = answer->as_map();
  if (map == nullptr) {
    return InvalidInput("it is not an object with statusCode, headers and body, but " +
                        std::string(payload.substr(0, 40)));
  }
  for (const auto& [name, value] : *map) {
    if (std::ranges::find(kAllowed, name) != std::end(kAllowed)) continue;
    return InvalidInput("it has the key '" + name.substr(0, 100) +
                        "'; only statusCode, headers, multiValueHeaders, body and isBase64Encoded "
                        "are allowed");
  }
  Reply reply;
  if (const Value* const status = map->Find("statusCode"); status && !status->is_null()) {
    std::int64_t number = 0;
    if (status->as_int()) number = *status->as_int();
    if (status->as_string()) number = std::atoll(status->as_string()->c_str());
    if (number < 100 || number > 599) {
      return InvalidInput("its statusCode is not a whole number from 100 to 599");
    }
    reply.status = static_cast<int>(number);
  }
  if (const auto read = ReadHeaders(*answer, reply); !read) return read.error();
  bool encoded = false;
  if (const Value* const flag = map->Find("isBase64Encoded"); flag && !flag->is_null()) {
    if (!flag->as_bool()) return InvalidInput("its isBase64Encoded is not true or false");
    encoded = *flag->as_bool();
  }
  if (const Value* const body = map->Find("body"); body && !body->is_null()) {
    if (!body->as_string()) {
      return InvalidInput("its body is not a string (json.dumps makes one of an object)");
    }
    reply.body = *body->as_string();
  }
  if (encoded) {
    // Bytes are given only to who asks for them, by the API's binaryMediaTypes.
    const std::string_view accept = HeaderOf(call, "Accept");
    if (IsBinaryType(*call.stage, accept.substr(0, accept.find(','))) &&
        !call.stage->binary_types.empty()) {
      auto bytes = Base64Decode(reply.body);
      if (!bytes) return InvalidInput("its body is not base64, though isBase64Encoded is true");
      reply.body = *std::move(bytes);
    }
  }
  if (reply.headers.Find("Content-Type") == nullptr) {
    reply.headers.Add("Content-Type", "application/json");
  }
  return reply;
}

}  // namespace usher::apigateway
