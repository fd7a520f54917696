#include "cli/service_client.h"

#include <cstdlib>

#include "base/clock.h"
#include "cli/serve_settings.h"
#include "json/json.h"
#include "server/credential_file.h"
#include "wire/dispatcher.h"
#include "wire/json_body.h"
#include "wire/sigv4.h"

namespace usher::cli {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The service's error of an answer that is none of success.
Error ReadError(const outbound::HttpAnswer& answer) {
  const auto body = json::Parse(answer.body);
  const Value* type = body ? body->Find("__type") : nullptr;
  const Value* message = body ? body->Find("message") : nullptr;
  if (!message && body) message = body->Find("Message");
  if (!type || !type->as_string()) {
    return Internal("the server answered with the status " + std::to_string(answer.status) +
                    " and no reason");
  }
  const std::string& name = *type->as_string();
  const bool has_text = message && message->as_string();
  return Error{ErrorCode::kInvalidInput, has_text ? *message->as_string() : name, name, 0, {}};
}

}  // namespace

Result<ServiceClient> ServiceClient::Open(const Server& server) {
  ServiceClient client;
  client.region_ = Variable("AWS_DEFAULT_REGION");
  if (client.region_.empty()) client.region_ = wire::kDefaultRegion;
  client.endpoint_ = Variable("AWS_ENDPOINT_URL");
  client.access_key_id_ = Variable("AWS_ACCESS_KEY_ID");
  client.secret_access_key_ = Variable("AWS_SECRET_ACCESS_KEY");
  const bool is_told = !server.data.empty() || !server.listen.empty();
  if (is_told || client.endpoint_.empty() || client.access_key_id_.empty() ||
      client.secret_access_key_.empty()) {
    const auto address = ListenAddressOf(server.listen);
    if (!address) return address.error();
    const auto folder = DataFolderPath(server.data);
    if (!folder) return folder.error();
    const auto key = server::CredentialFile::Load(*folder);
    if (!key && key.error().code == ErrorCode::kNotFound) {
      return NotFound("no server has been started with the data folder " + *folder +
                      " yet: start one with `usher serve`, or say with --data where its data is");
    }
    if (!key) return key.error();
    client.endpoint_ = address->Endpoint();
    client.access_key_id_ = key->access_key_id();
    client.secret_access_key_ = key->secret_access_key();
  }
  if (const auto valid = outbound::CheckUrl(client.endpoint_); !valid) {
    return InvalidInput("the server's address " + client.endpoint_ + ": " + valid.error().message);
  }
  while (client.endpoint_.ends_with('/')) client.endpoint_.pop_back();
  client.host_ = client.endpoint_.substr(client.endpoint_.find("://") + 3);
  // The user says which server is theirs: it may well be on this machine.
  client.http_ =
      std::make_unique<outbound::HttpClient>(outbound::HttpClient::Options{.allow_private = true});
  return client;
}

Result<Value> ServiceClient::Call(const wire::Operation& operation, const Value& request) const {
  Check(operation.service->protocol == wire::Protocol::kJson, "the service speaks JSON");
  const std::string body = json::Write(request);
  wire::HttpRequest signing{.method = "POST", .target = "/"};
  signing.headers.Add("Host", host_);
  signing.headers.Add("Content-Type",
                      "application/x-amz-json-" + std::string(operation.service->json_version));
  signing.headers.Add("X-Amz-Target", std::string(operation.service->target_prefix) + "." +
                                          std::string(operation.name));
  wire::sigv4::Sign(signing, body,
                    {.identity = {.access_key_id = access_key_id_, .secret = secret_access_key_},
                     .region = region_,
                     .service = std::string(operation.service->signing_name),
                     .now = SystemClock().Now(),
                     .rules = wire::sigv4::ServiceRules(wire::sigv4::ErrorStyle::kJson)});
  outbound::HttpPost post{.url = endpoint_ + "/", .headers = {}, .body = body};
  for (const auto& [name, value] : signing.headers) post.headers.emplace_back(name, value);
  const auto answer = http_->Post(post);
  if (!answer) {
    return Internal("no server answers at " + endpoint_ + " (" + answer.error().message +
                    "): is `usher serve` running there?");
  }
  if (answer->status != 200) return ReadError(*answer);
  static constexpr wire::Shape kNothing{.name = "Nothing", .kind = wire::ShapeKind::kStructure};
  auto decoded = wire::DecodeJsonBody(operation.output ? *operation.output : kNothing, answer->body,
                                      wire::BodyMembers::kAll);
  if (!decoded) {
    return Internal("what answers at " + endpoint_ +
                    " is no server of this kind: " + decoded.error().message);
  }
  return decoded;
}

}  // namespace usher::cli
