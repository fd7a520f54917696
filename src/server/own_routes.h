// The paths that are the server's own and take precedence over buckets of the same names: /healthz,
// /readyz, /metrics, and the reserved /_aws. They need no signature.
//
//   GET /healthz   200 while the process runs
//   GET /readyz    200 while it takes requests, 503 once it is stopping
//   GET /metrics   Prometheus text
//   GET /_aws/lambda/code/…   the zip of a function, by the link that GetFunction has given
//   GET /_aws/sns/SimpleNotificationService.pem   the certificate of signed notifications
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/result.h"
#include "server/exchange.h"
#include "wire/http_message.h"

namespace usher::server {

struct OwnRoutes {
  std::function<bool()> is_ready;
  std::function<std::string()> metrics;
  // Given path and query. Errors: access denied, not found.
  std::function<Result<std::unique_ptr<ByteSource>>(std::string_view target)> function_code;
  std::function<Result<std::string>()> sns_certificate;  // PEM
};

// nullopt: the request is for a service. A key of a bucket named by the Host header is never ours.
std::optional<wire::HttpResponse> AnswerOwnRoute(const OwnRoutes& routes,
                                                 const wire::HttpRequest& request,
                                                 Exchange& exchange);

}  // namespace usher::server
