#include "server/own_routes.h"

#include <gtest/gtest.h>

namespace usher::server {
namespace {

std::optional<wire::HttpResponse> Ask(std::string method, std::string target,
                                      std::string host = "127.0.0.1:4566", bool ready = true) {
  const OwnRoutes routes{.is_ready = [&] { return ready; }, .metrics = [] { return "up 1\n"; }};
  wire::HttpRequest request{.method = std::move(method), .target = std::move(target)};
  request.headers.Add("Host", std::move(host));
  Exchange exchange;
  return AnswerOwnRoute(routes, request, exchange);
}

TEST(AnswerOwnRoute, AnswersHealthReadinessAndMetrics) {
  EXPECT_EQ(Ask("GET", "/healthz")->status, 200);
  EXPECT_EQ(Ask("HEAD", "/healthz?verbose")->status, 200);
  EXPECT_EQ(Ask("GET", "/readyz")->status, 200);
  EXPECT_EQ(Ask("GET", "/readyz", "h", false)->status, 503);
  EXPECT_EQ(Ask("GET", "/metrics")->body, "up 1\n");
}

TEST(AnswerOwnRoute, RefusesOtherMethodsAndLongerPaths) {
  EXPECT_EQ(Ask("PUT", "/healthz")->status, 405);
  EXPECT_EQ(*Ask("DELETE", "/metrics")->headers.Find("Allow"), "GET, HEAD");
  EXPECT_EQ(Ask("PUT", "/healthz/key")->status, 404);
  EXPECT_EQ(Ask("GET", "/_aws")->status, 404);
}

TEST(AnswerOwnRoute, LeavesAllOtherPathsToTheServices) {
  for (const std::string target : {"/", "/bucket/healthz", "/healthz2", "/Healthz", "//healthz",
                                   "/restapis/a/stages"}) {
    EXPECT_FALSE(Ask("GET", target)) << target;
  }
}

TEST(AnswerOwnRoute, LeavesAKeyOfABucketInTheHostToTheServices) {
  EXPECT_FALSE(Ask("GET", "/healthz", "bucket.localhost:4566"));
}

}  // namespace
}  // namespace usher::server
