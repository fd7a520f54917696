// ServiceClient: operations of a running server, as any client calls them: over HTTP, signed with
// the server's key.
//
//   const auto client = ServiceClient::Open({.data = data, .listen = listen});
//   if (!client) return Fail("deploy", client.error().message);
//   const auto answer = client->Call<api::personalize::DescribeCampaign>({.campaign_arn = arn});
//
// Services of the JSON protocols only (Personalize, Logs, Step Functions, SQS …).
//
// Cost:    one request each; kept-open connections.
// Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/value.h"
#include "outbound/http_client.h"
#include "wire/shape.h"

namespace usher::cli {

class ServiceClient {
 public:
  // Where the server is; what `usher env` takes, too. Without either, what `usher env` has exported
  // counts when it is all there: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
  struct Server {
    std::string data;    // as given by --data; empty: the user's data folder
    std::string listen;  // as given by --listen; empty: 127.0.0.1:4566
  };
  // Errors: invalid input for an address or a folder that cannot be; not found when no server has
  // ever been started with the folder; access denied.
  static Result<ServiceClient> Open(const Server& server);

  // Errors: the service's, with its message and, as wire_name, its public name; internal when the
  // server does not answer or answers with something else, naming its address.
  Result<Value> Call(const wire::Operation& operation, const Value& request) const;

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) const {
    auto response = Call(Op::operation(), request.ToValue());
    if (!response) return std::move(response).error();
    return Op::Response::FromValue(*response);
  }

  // As the server will see the caller's ARNs.
  [[nodiscard]] const std::string& region() const { return region_; }

 private:
  ServiceClient() = default;

  std::string endpoint_;  // "http://127.0.0.1:4566"
  std::string host_;      // "127.0.0.1:4566"
  std::string access_key_id_;
  std::string secret_access_key_;
  std::string region_;
  std::unique_ptr<outbound::HttpClient> http_;
};

}  // namespace usher::cli
