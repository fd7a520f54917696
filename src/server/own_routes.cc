#include "server/own_routes.h"

#include "base/random.h"
#include "server/response_writer.h"
#include "services/sns/signer.h"
#include "wire/router.h"

namespace usher::server {
namespace {

constexpr std::string_view kFunctionCode = "/_aws/lambda/code/";

wire::HttpResponse PlainText(int status, std::string text, std::string_view type = "text/plain") {
  wire::HttpResponse response{.status = status, .body = std::move(text)};
  response.headers.Add("Content-Type", std::string(type));
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

wire::HttpResponse FunctionCode(const OwnRoutes& routes, const wire::HttpRequest& request) {
  if (request.method != "GET") return PlainError(405, "this path only answers GET");
  auto code = routes.function_code(request.target);
  if (!code) {
    const int status = code.error().code == ErrorCode::kAccessDenied ? 403
                       : code.error().code == ErrorCode::kNotFound   ? 404
                                                                     : 500;
    return PlainError(status, status == 500 ? "the code cannot be read" : code.error().message);
  }
  wire::HttpResponse response{.status = 200, .stream = Stream(*std::move(code))};
  response.headers.Add("Content-Type", "application/zip");
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

wire::HttpResponse Answer(const OwnRoutes& routes, const wire::HttpRequest& request,
                          std::string_view segment, std::string_view path) {
  if (path.starts_with(kFunctionCode) && routes.function_code) {
    return FunctionCode(routes, request);
  }
  if (path == sns::kCertificatePath && request.method == "GET") {
    const auto certificate = routes.sns_certificate();
    return certificate ? PlainText(200, *certificate, "application/x-pem-file")
                       : PlainError(500, "the certificate cannot be read");
  }
  if (path.size() > segment.size() + 1 || segment == "_aws") {
    return PlainError(404, "there is nothing at this path");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    wire::HttpResponse response = PlainError(405, "this path only answers GET and HEAD");
    response.headers.Add("Allow", "GET, HEAD");
    return response;
  }
  if (segment == "healthz") return PlainText(200, "ok\n");
  if (segment == "readyz") {
    return routes.is_ready() ? PlainText(200, "ready\n") : PlainText(503, "stopping\n");
  }
  return PlainText(200, routes.metrics(), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace

std::optional<wire::HttpResponse> AnswerOwnRoute(const OwnRoutes& routes,
                                                 const wire::HttpRequest& request,
                                                 Exchange& exchange) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
  if (segment != "healthz" && segment != "readyz" && segment != "metrics" && segment != "_aws") {
    return std::nullopt;
  }
  const std::string* host = request.headers.Find("Host");
  if (host != nullptr && wire::BucketOfHost(*host)) return std::nullopt;

  exchange.service = "usher";
  exchange.operation = segment;
  exchange.request_id = NewUuid();
  wire::HttpResponse response = Answer(routes, request, segment, path);
  response.headers.Add("x-amzn-RequestId", exchange.request_id);
  return response;
}

}  // namespace usher::server
