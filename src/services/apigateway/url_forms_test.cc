#include "services/apigateway/url_forms.h"

#include <gtest/gtest.h>

namespace usher::apigateway {
namespace {

// "api stage path", or "none".
std::string Find(std::string target, std::string host = "127.0.0.1:4566") {
  wire::HttpRequest request{.method = "GET", .target = std::move(target)};
  request.headers.Add("Host", std::move(host));
  const auto url = FindServedUrl(request);
  return url ? url->api + " " + url->stage + " " + url->path : "none";
}

TEST(FindServedUrl, KnowsTheFourForms) {
  EXPECT_EQ(Find("/dev/films?a=1", "abc123.execute-api.eu-west-1.amazonaws.com"),
            "abc123 dev /films");
  EXPECT_EQ(Find("/dev/films", "ABC123.execute-api.localhost:4566"), "abc123 dev /films");
  EXPECT_EQ(Find("/restapis/abc123/dev/_user_request_/films/1"), "abc123 dev /films/1");
  EXPECT_EQ(Find("/_aws/execute-api/abc123/dev/films"), "abc123 dev /films");
}

TEST(FindServedUrl, TakesTheStageAloneForTheRoot) {
  EXPECT_EQ(Find("/dev", "a.execute-api.localhost"), "a dev /");
  EXPECT_EQ(Find("/dev/?x", "a.execute-api.localhost"), "a dev /");
  EXPECT_EQ(Find("/restapis/a/dev/_user_request_"), "a dev /");
  EXPECT_EQ(Find("/_aws/execute-api/a/dev"), "a dev /");
  EXPECT_EQ(Find("/", "a.execute-api.localhost"), "a  /");
}

TEST(FindServedUrl, KeepsThePathAsItWasSent) {
  EXPECT_EQ(Find("/restapis/a/dev/_user_request_/a%20b//c/"), "a dev /a%20b//c/");
}

TEST(FindServedUrl, LeavesEverythingElse) {
  for (const std::string target :
       {"/restapis", "/restapis/a", "/restapis/a/stages/dev", "/restapis/a/dev/user_request_/",
        "/_aws/lambda/code/x", "/bucket/restapis/a/dev/_user_request_/", "/"}) {
    EXPECT_EQ(Find(target), "none") << target;
  }
  EXPECT_EQ(Find("/dev", "execute-api.localhost"), "none");
  EXPECT_EQ(Find("/dev", "a.execute-api.example.org"), "none");
  // Keys of a bucket that the Host names.
  EXPECT_EQ(Find("/restapis/a/dev/_user_request_/", "bucket.localhost:4566"), "none");
}

}  // namespace
}  // namespace usher::apigateway
