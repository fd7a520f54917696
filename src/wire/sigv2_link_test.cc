#include "wire/sigv2_link.h"

#include <gtest/gtest.h>

namespace usher::wire {
namespace {

class OneKey final : public Credentials {
 public:
  [[nodiscard]] std::optional<Key> Find(std::string_view access_key_id) const override {
    if (access_key_id != "AKIAIOSFODNN7EXAMPLE") return std::nullopt;
    return Key{
        .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", .session_token = "", .arn = "arn"};
  }
};

// The example of the developer guide, with its keys, time and signature.
constexpr std::string_view kTarget =
    "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE"
    "&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
constexpr std::string_view kHost = "johnsmith.s3.amazonaws.com";
constexpr std::int64_t kExpires = 1175139620;

HttpRequest Example() {
  HttpRequest request{.method = "GET", .target = std::string(kTarget)};
  request.headers.Add("Host", std::string(kHost));
  return request;
}

// The name of the refusal; "" when the link is accepted.
std::string Verify(const HttpRequest& request, std::int64_t now = kExpires - 60) {
  const auto target = ParseTarget(request.target);
  if (!target) return "no target";
  if (!sigv2::IsLink(target->query)) return "no link";
  const auto verified = sigv2::VerifyLink(request, *target, OneKey(), FromEpochMillis(now * 1000));
  return verified ? "" : verified.error().wire_name;
}

TEST(VerifyLink, AcceptsThePublicExample) {
  EXPECT_EQ(Verify(Example()), "");
  HttpRequest by_path = Example();
  by_path.target = "/johnsmith" + by_path.target;
  by_path.headers.Set("Host", "127.0.0.1:4566");
  EXPECT_EQ(Verify(by_path), "");
}

// The listing example's resource is "/johnsmith/"; printf 'GET\n\n\n1175139620\n/johnsmith/' |
// openssl dgst -sha1 -hmac <secret> -binary | base64
TEST(VerifyLink, SignsABucketWithItsSlash) {
  for (const char* path : {"/johnsmith", "/johnsmith/"}) {
    HttpRequest request{
        .method = "GET",
        .target = std::string(path) +
                  "?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=O0v6SWPdo4x4nFD0qcXbN1ErM%2F8%3D"
                  "&Expires=1175139620"};
    request.headers.Add("Host", "127.0.0.1:4566");
    EXPECT_EQ(Verify(request), "") << path;
  }
}

TEST(VerifyLink, ExpiresAtItsTime) {
  EXPECT_EQ(Verify(Example(), kExpires), "");
  EXPECT_EQ(Verify(Example(), kExpires + 1), "AccessDenied");
}

TEST(VerifyLink, RefusesEveryChange) {
  const auto changed = [](std::string_view from, std::string_view to) {
    HttpRequest request = Example();
    const std::size_t at = request.target.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    request.target.replace(at, from.size(), to);
    return Verify(request);
  };
  EXPECT_EQ(changed("puppy", "kitten"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("/photos/", "//photos/"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("puppy.jpg", "puppy.jp%67"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("Expires=1175139620", "Expires=1175139621"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("Expires=1175139620", "Expires=-1"), "AccessDenied");
  EXPECT_EQ(changed("Expires=1175139620", "Expires=1e12"), "AccessDenied");
  EXPECT_EQ(changed("Expires=1175139620", "Expires=99999999999999999999"), "AccessDenied");
  EXPECT_EQ(changed("&Expires=1175139620", ""), "AccessDenied");
  EXPECT_EQ(changed("EXAMPLE", "EXAMPL2"), "InvalidAccessKeyId");
  EXPECT_EQ(changed("Npg", "Npf"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D", "Signature="), "AccessDenied");
  EXPECT_EQ(changed("?", "?acl&"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("?", "?versionId=1&"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("?", "?response-content-type=text/html&"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("?", "?x-amz-acl=public-read&"), "SignatureDoesNotMatch");
  EXPECT_EQ(changed("?", "?attributes&"), "AccessDenied");
  EXPECT_EQ(changed("?", "?Expires=1175139620&"), "AccessDenied");
  EXPECT_EQ(changed("?", "?x-amz-security-token=t&"), "InvalidToken");
  EXPECT_EQ(changed("?", "?prefix=x&"), "");  // narrows a listing, and an object has none
}

TEST(VerifyLink, CoversMethodHostAndHeaders) {
  HttpRequest request = Example();
  request.method = "PUT";
  EXPECT_EQ(Verify(request), "SignatureDoesNotMatch");
  request = Example();
  request.headers.Set("Host", "other.s3.amazonaws.com");
  EXPECT_EQ(Verify(request), "SignatureDoesNotMatch");
  request = Example();
  request.headers.Add("Content-Type", "text/html");
  EXPECT_EQ(Verify(request), "SignatureDoesNotMatch");
  request = Example();
  request.headers.Add("X-Amz-Copy-Source", "a/b");
  EXPECT_EQ(Verify(request), "SignatureDoesNotMatch");
  request = Example();
  request.headers.Add("Authorization", "AWS4-HMAC-SHA256 …");
  EXPECT_EQ(Verify(request), "InvalidArgument");
}

TEST(IsLink, NeedsKeyAndSignature) {
  EXPECT_TRUE(sigv2::IsLink({{"AWSAccessKeyId", "a"}, {"Signature", "b"}}));
  EXPECT_FALSE(sigv2::IsLink({{"Signature", "b"}}));
  EXPECT_FALSE(sigv2::IsLink({{"X-Amz-Signature", "b"}}));
}

}  // namespace
}  // namespace usher::wire
