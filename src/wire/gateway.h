// Gateway: an HTTP request to an AWS service in, its answer out. Finds the operation (signing
// scope, X-Amz-Target, host, path), verifies the signature, decodes, dispatches, encodes.
// Everything here is plain data; sockets are server/'s.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "wire/credentials.h"
#include "wire/dispatcher.h"
#include "wire/http_message.h"
#include "wire/router.h"

namespace usher::wire {

struct GatewayOptions {
  bool verify_signatures = true;
  // Bodies of operations that do not stream are refused above this, with the protocol's own error.
  std::size_t max_body_bytes = 10U << 20;
  // The same for Lambda, whose requests may carry a zip of 50 MB in base64.
  std::size_t max_lambda_body_bytes = 70U << 20;
  // What is routed to; a test may add a service of its own.
  std::span<const Service* const> services = AllServices();
};

// What happened, for the log line and the metrics.
struct Outcome {
  std::string service;    // "" when no service was recognised
  std::string operation;  // ""
  std::string request_id;
  std::string error_name;  // "" on success
  // As the request claims it; proven only when error_name is empty.
  std::string access_key_id;
};

class Gateway {
 public:
  Gateway(const Dispatcher& dispatcher, const Credentials& credentials, const Clock& clock,
          GatewayOptions options);

  // Never fails: every failure is an answer in the form of the protocol asked for. Cost: under 20
  // us beside signature and handler for a small request. Threads: safe from any.
  HttpResponse Handle(HttpRequest request, Outcome& outcome) const;

 private:
  const Dispatcher& dispatcher_;
  const Credentials& credentials_;
  const Clock& clock_;
  GatewayOptions options_;
  Router router_;
};

}  // namespace usher::wire
