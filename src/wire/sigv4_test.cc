#include "wire/sigv4.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.h"
#include "wire/digest.h"
#include "wire/sigv4_canonical.h"
#include "wire/test_request.h"

namespace usher::wire::sigv4 {
namespace {

using wire::testing::FakeCredentials;

constexpr std::string_view kAccessKey = "AKIAUNITTEST00000001";

Time Now() { return *ParseIso8601("2026-03-14T12:00:00Z"); }

Identity Signer() {
  return {.access_key_id = std::string(kAccessKey), .secret = "secret", .session_token = {}};
}

FakeCredentials Keys() {
  FakeCredentials keys;
  keys.Add(std::string(kAccessKey), {.secret = "secret", .session_token = {}, .arn = "arn:me"});
  return keys;
}

HttpRequest Plain(std::string target = "/path?a=1") {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.headers.Add("Host", "localhost:4566");
  request.headers.Add("Content-Type", "application/x-amz-json-1.1");
  return request;
}

Rules RulesOf(ErrorStyle style) {
  return style == ErrorStyle::kS3 ? S3Rules() : ServiceRules(style);
}

SignOptions Options(ErrorStyle style) {
  return {.identity = Signer(),
          .region = "us-east-1",
          .service = style == ErrorStyle::kS3 ? "s3" : "personalize",
          .now = Now(),
          .rules = RulesOf(style),
          .send_content_sha256 = style == ErrorStyle::kS3};
}

HttpRequest SignedRequest(ErrorStyle style) {
  HttpRequest request = Plain();
  Sign(request, "body", Options(style));
  return request;
}

HttpRequest PresignedRequest(ErrorStyle style) {
  HttpRequest request = Plain();
  Presign(request, "body", std::chrono::minutes(5), Options(style));
  return request;
}

// "Name status" of the refusal.
std::string Refused(const HttpRequest& request, ErrorStyle style, Time now = Now(),
                    const FakeCredentials& keys = Keys()) {
  const auto verified = Verify(request, "body", RulesOf(style), keys, now);
  if (verified) return "accepted";
  return verified.error().wire_name + " " + std::to_string(verified.error().http_status);
}

// What each style calls one and the same refusal.
struct Names {
  std::string s3;
  std::string json;
  std::string rest_json;
  std::string query;
};

void ExpectNames(const std::function<std::string(ErrorStyle)>& refusal, const Names& names) {
  EXPECT_EQ(refusal(ErrorStyle::kS3), names.s3);
  EXPECT_EQ(refusal(ErrorStyle::kJson), names.json);
  EXPECT_EQ(refusal(ErrorStyle::kRestJson), names.rest_json);
  EXPECT_EQ(refusal(ErrorStyle::kQuery), names.query);
}

TEST(Verify, TellsWhoSignedWhat) {
  const auto verified =
      Verify(SignedRequest(ErrorStyle::kJson), "body", RulesOf(ErrorStyle::kJson), Keys(), Now());

  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->scope.access_key_id, kAccessKey);
  EXPECT_EQ(verified->scope.date, "20260314");
  EXPECT_EQ(verified->scope.region, "us-east-1");
  EXPECT_EQ(verified->scope.service, "personalize");
  EXPECT_EQ(verified->arn, "arn:me");
  EXPECT_EQ(verified->timestamp, "20260314T120000Z");
  EXPECT_EQ(verified->signed_headers,
            (std::vector<std::string>{"content-type", "host", "x-amz-date"}));
  EXPECT_EQ(verified->payload_mode, PayloadMode::kHashed);
  EXPECT_EQ(verified->content_sha256, Sha256Hex("body"));
  EXPECT_EQ(verified->signature.size(), 64U);
  EXPECT_FALSE(verified->presigned);
}

TEST(Verify, RefusesAMissingSignature) {
  ExpectNames([](ErrorStyle style) { return Refused(Plain(), style); },
              {.s3 = "AccessDenied 403",
               .json = "MissingAuthenticationTokenException 400",
               .rest_json = "MissingAuthenticationTokenException 403",
               .query = "MissingAuthenticationToken 403"});
}

TEST(Verify, RefusesAnUnknownKey) {
  ExpectNames([](ErrorStyle style) { return Refused(SignedRequest(style), style, Now(), {}); },
              {.s3 = "InvalidAccessKeyId 403",
               .json = "UnrecognizedClientException 400",
               .rest_json = "UnrecognizedClientException 403",
               .query = "InvalidClientTokenId 403"});
}

TEST(Verify, RefusesAWrongSecret) {
  FakeCredentials keys;
  keys.Add(std::string(kAccessKey), {.secret = "Secret", .session_token = {}, .arn = {}});
  const Names names = {.s3 = "SignatureDoesNotMatch 403",
                       .json = "InvalidSignatureException 400",
                       .rest_json = "InvalidSignatureException 403",
                       .query = "SignatureDoesNotMatch 403"};
  ExpectNames([&](ErrorStyle style) { return Refused(SignedRequest(style), style, Now(), keys); },
              names);
  ExpectNames(
      [&](ErrorStyle style) { return Refused(PresignedRequest(style), style, Now(), keys); },
      names);
}

TEST(Verify, ShowsAnS3CallerWhatWasSigned) {
  FakeCredentials keys;
  keys.Add(std::string(kAccessKey), {.secret = "Secret", .session_token = {}, .arn = {}});
  const auto refused = Verify(SignedRequest(ErrorStyle::kS3), "", S3Rules(), keys, Now());

  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().details.size(), 4U);
  EXPECT_EQ(refused.error().details[1].first, "StringToSign");
  EXPECT_TRUE(
      refused.error().details[1].second.starts_with("AWS4-HMAC-SHA256\n20260314T120000Z\n"));
  EXPECT_EQ(refused.error().details[3].first, "CanonicalRequest");
  EXPECT_TRUE(refused.error().details[3].second.starts_with("POST\n/path\na=1\n"));
}

TEST(Verify, RefusesAClockTwentyMinutesOff) {
  const Names names = {.s3 = "RequestTimeTooSkewed 403",
                       .json = "InvalidSignatureException 400",
                       .rest_json = "InvalidSignatureException 403",
                       .query = "SignatureDoesNotMatch 403"};
  for (const int minutes : {-20, 20}) {
    ExpectNames(
        [&](ErrorStyle style) {
          return Refused(SignedRequest(style), style, Now() + std::chrono::minutes(minutes));
        },
        names);
  }
}

TEST(Verify, SaysWhichWayTheClockIsOff) {
  const HttpRequest request = SignedRequest(ErrorStyle::kJson);
  const auto message = [&](int minutes) {
    const auto refused = Verify(request, "body", RulesOf(ErrorStyle::kJson), Keys(),
                                Now() + std::chrono::minutes(minutes));
    return refused ? "accepted" : refused.error().message;
  };

  EXPECT_EQ(message(20),
            "Signature expired: 20260314T120000Z is now earlier than 20260314T120500Z "
            "(20260314T122000Z - 15 min.)");
  EXPECT_EQ(message(-20),
            "Signature not yet current: 20260314T120000Z is still later than 20260314T115500Z "
            "(20260314T114000Z + 15 min.)");
  EXPECT_EQ(message(15), "accepted");
  EXPECT_EQ(message(-15), "accepted");
}

TEST(Verify, RefusesAPresignedRequestAfterItsLifeAndBeforeItsTime) {
  const auto at = [](std::chrono::seconds shift) {
    return [shift](ErrorStyle style) {
      return Refused(PresignedRequest(style), style, Now() + shift);
    };
  };
  const Names names = {.s3 = "AccessDenied 403",
                       .json = "InvalidSignatureException 400",
                       .rest_json = "InvalidSignatureException 403",
                       .query = "SignatureDoesNotMatch 403"};
  ExpectNames(at(std::chrono::seconds(301)), names);
  ExpectNames(at(-std::chrono::seconds(901)), names);
  const Names accepted = {"accepted", "accepted", "accepted", "accepted"};
  ExpectNames(at(std::chrono::seconds(300)), accepted);
  ExpectNames(at(-std::chrono::seconds(900)), accepted);
  const auto expired = Verify(PresignedRequest(ErrorStyle::kS3), "", S3Rules(), Keys(),
                              Now() + std::chrono::hours(1));
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().message, "Request has expired");
}

TEST(Verify, RefusesAMalformedSignature) {
  const auto with_header = [](ErrorStyle style) {
    HttpRequest request = Plain();
    request.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=x, Signature=y");
    return Refused(request, style);
  };
  ExpectNames(with_header, {.s3 = "AuthorizationHeaderMalformed 400",
                            .json = "IncompleteSignatureException 400",
                            .rest_json = "IncompleteSignatureException 400",
                            .query = "IncompleteSignature 400"});
  const auto in_query = [](ErrorStyle style) {
    return Refused(Plain("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=y"), style);
  };
  ExpectNames(in_query, {.s3 = "AuthorizationQueryParametersError 400",
                         .json = "IncompleteSignatureException 400",
                         .rest_json = "IncompleteSignatureException 400",
                         .query = "IncompleteSignature 400"});
}

TEST(Verify, RefusesOtherWaysToSign) {
  HttpRequest version2 = Plain();
  version2.headers.Add("Authorization", "AWS AKIA:c2lnbmF0dXJl");
  EXPECT_EQ(Refused(version2, ErrorStyle::kS3), "InvalidRequest 400");
  EXPECT_EQ(Refused(version2, ErrorStyle::kJson), "IncompleteSignatureException 400");
  HttpRequest both = PresignedRequest(ErrorStyle::kS3);
  both.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=x");
  EXPECT_EQ(Refused(both, ErrorStyle::kS3), "InvalidArgument 400");
}

TEST(Verify, RefusesUnsignedAmzHeadersAndHost) {
  for (const ErrorStyle style : {ErrorStyle::kS3, ErrorStyle::kJson}) {
    const std::string expected =
        style == ErrorStyle::kS3 ? "AccessDenied 403" : "InvalidSignatureException 400";
    HttpRequest added = SignedRequest(style);
    added.headers.Add("X-Amz-Copy-Source", "bucket/secret");
    EXPECT_EQ(Refused(added, style), expected);

    HttpRequest hostless;
    hostless.method = "GET";
    hostless.target = "/";
    Sign(hostless, "body", Options(style));
    hostless.headers.Add("Host", "localhost:4566");
    EXPECT_EQ(Refused(hostless, style), expected);
  }
}

TEST(Verify, LetsUnsignedHeadersOfTheConnectionPass) {
  HttpRequest request = SignedRequest(ErrorStyle::kJson);
  request.headers.Add("User-Agent", "Boto3");
  request.headers.Add("X-Amzn-Trace-Id", "Root=1-2-3");
  request.headers.Add("Expect", "100-continue");
  EXPECT_EQ(Refused(request, ErrorStyle::kJson), "accepted");
}

TEST(Verify, WantsTheTokenOfATemporaryKeyAndNoneOfAPermanentOne) {
  FakeCredentials temporary;
  temporary.Add(std::string(kAccessKey), {.secret = "secret", .session_token = "tok", .arn = {}});
  for (const ErrorStyle style : {ErrorStyle::kS3, ErrorStyle::kJson, ErrorStyle::kQuery}) {
    const std::string expected = style == ErrorStyle::kS3     ? "InvalidToken 400"
                                 : style == ErrorStyle::kJson ? "UnrecognizedClientException 400"
                                                              : "InvalidClientTokenId 403";
    const auto with_token = [&](std::string token) {
      HttpRequest request = Plain();
      SignOptions options = Options(style);
      options.identity.session_token = std::move(token);
      Sign(request, "body", options);
      return request;
    };
    EXPECT_EQ(Refused(with_token("tok"), style, Now(), temporary), "accepted");
    EXPECT_EQ(Refused(with_token("tok2"), style, Now(), temporary), expected);
    EXPECT_EQ(Refused(with_token(""), style, Now(), temporary), expected);
    EXPECT_EQ(Refused(with_token("tok"), style, Now(), Keys()), expected);
  }
}

TEST(Verify, TellsAKeyThatHasExpiredFromOneThatIsUnknown) {
  FakeCredentials over;
  over.Add(std::string(kAccessKey),
           {.secret = "secret", .session_token = "tok", .arn = {}, .expired = true});
  for (const ErrorStyle style : {ErrorStyle::kS3, ErrorStyle::kJson, ErrorStyle::kQuery}) {
    HttpRequest request = Plain();
    SignOptions options = Options(style);
    options.identity.session_token = "tok";
    Sign(request, "body", options);
    EXPECT_EQ(Refused(request, style, Now(), over), style == ErrorStyle::kS3 ? "ExpiredToken 400"
                                                    : style == ErrorStyle::kJson
                                                        ? "ExpiredTokenException 400"
                                                        : "ExpiredToken 403");
  }
}

TEST(Verify, LetsTheTokenBeUnsignedOutsideS3Only) {
  FakeCredentials temporary;
  temporary.Add(std::string(kAccessKey), {.secret = "secret", .session_token = "tok", .arn = {}});
  for (const bool presigned : {false, true}) {
    const auto outcome = [&](ErrorStyle style) {
      HttpRequest request = Plain();
      SignOptions options = Options(style);
      options.identity.session_token = "tok";
      options.leave_token_unsigned = true;
      if (presigned) {
        Presign(request, "body", std::chrono::minutes(1), options);
      } else {
        Sign(request, "body", options);
      }
      return Refused(request, style, Now(), temporary);
    };
    EXPECT_EQ(outcome(ErrorStyle::kJson), "accepted");
    EXPECT_EQ(outcome(ErrorStyle::kS3),
              presigned ? "SignatureDoesNotMatch 403" : "AccessDenied 403");
  }
}

TEST(Verify, WantsTheContentHashFromS3ClientsOnly) {
  HttpRequest request = Plain();
  SignOptions options = Options(ErrorStyle::kS3);
  options.send_content_sha256 = false;
  Sign(request, "body", options);
  EXPECT_EQ(Refused(request, ErrorStyle::kS3), "InvalidRequest 400");

  for (const std::string bad : {"", "UNSIGNED", "unsigned-payload",
                                "STREAMING-AWS4-ECDSA-P256-SHA256"
                                "-PAYLOAD",
                                "e3b0c442"}) {
    HttpRequest strange = Plain();
    SignOptions strange_options = Options(ErrorStyle::kS3);
    strange.headers.Add("x-amz-content-sha256", bad);
    strange_options.send_content_sha256 = false;
    strange_options.content_sha256 = bad.empty() ? "x" : bad;
    Sign(strange, "body", strange_options);
    EXPECT_EQ(Refused(strange, ErrorStyle::kS3), "InvalidArgument 400") << bad;
  }

  HttpRequest unsigned_json = Plain();
  SignOptions json = Options(ErrorStyle::kJson);
  json.content_sha256 = "UNSIGNED-PAYLOAD";
  json.send_content_sha256 = true;
  Sign(unsigned_json, "body", json);
  EXPECT_EQ(Refused(unsigned_json, ErrorStyle::kJson), "InvalidSignatureException 400");
}

TEST(Verify, TakesTheTimeFromEitherDateHeader) {
  for (const std::string date : {"Sat, 14 Mar 2026 12:00:00 GMT", "Sat, 14 Mar 2026 12:00:00 +0000",
                                 "Sat, 14 Mar 2026 12:00:00 -0000", "20260314T120000Z"}) {
    HttpRequest request = Plain();
    request.headers.Add("Date", date);
    const Scope scope = {std::string(kAccessKey), "20260314", "us-east-1", "personalize"};
    const std::string canonical = CanonicalRequest(
        request, "/path", "a=1", std::vector<std::string>{"date", "host"}, Sha256Hex("body"));
    const std::string text = StringToSign("20260314T120000Z", scope, canonical);
    const std::string hex = HexEncode(HmacSha256(SigningKey("secret", scope), text));
    request.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=" + std::string(kAccessKey) +
                                             "/" + scope.Text() +
                                             ",SignedHeaders=date;host,Signature=" + hex);
    EXPECT_EQ(Refused(request, ErrorStyle::kJson), "accepted") << date;
    EXPECT_EQ(Refused(request, ErrorStyle::kJson, Now() + std::chrono::minutes(20)),
              "InvalidSignatureException 400");
  }
}

TEST(Verify, RefusesWhatIsTooLarge) {
  HttpRequest target = SignedRequest(ErrorStyle::kJson);
  target.target = "/" + std::string(kMaxTargetBytes, 'a');
  EXPECT_EQ(Refused(target, ErrorStyle::kJson), "IncompleteSignatureException 400");
  EXPECT_EQ(Refused(target, ErrorStyle::kS3), "RequestHeaderSectionTooLarge 400");
  HttpRequest parameters = SignedRequest(ErrorStyle::kJson);
  parameters.target = "/?" + std::string(kMaxQueryParameters, '&');
  EXPECT_EQ(Refused(parameters, ErrorStyle::kJson), "IncompleteSignatureException 400");
  HttpRequest headers = SignedRequest(ErrorStyle::kJson);
  headers.headers.Add("X", std::string(kMaxHeaderBytes, 'x'));
  EXPECT_EQ(Refused(headers, ErrorStyle::kJson), "IncompleteSignatureException 400");
  HttpRequest names = Plain();
  std::string list = "a";
  for (std::size_t i = 0; i < kMaxSignedHeaders; ++i) {
    list += ";b";
    list += std::to_string(1000 + i);
  }
  names.headers.Add("X-Amz-Date", "20260314T120000Z");
  names.headers.Add("Authorization",
                    "AWS4-HMAC-SHA256 Credential=k/20260314/r/s/aws4_request, SignedHeaders=" +
                        list + ", Signature=" + std::string(64, '0'));
  EXPECT_EQ(Refused(names, ErrorStyle::kJson), "IncompleteSignatureException 400");
}

TEST(CheckBeforeBody, RefusesWhatTheHeadShowsAndLeavesTheRestToVerify) {
  const Rules rules = RulesOf(ErrorStyle::kJson);
  const HttpRequest request = SignedRequest(ErrorStyle::kJson);
  const auto name = [&](const HttpRequest& given, const FakeCredentials& keys, Time now) {
    const auto checked = CheckBeforeBody(given, rules, keys, now);
    return checked ? "passed" : checked.error().wire_name;
  };

  EXPECT_EQ(name(request, Keys(), Now()), "passed");
  EXPECT_EQ(name(Plain(), Keys(), Now()), "MissingAuthenticationTokenException");
  EXPECT_EQ(name(request, {}, Now()), "UnrecognizedClientException");
  EXPECT_EQ(name(request, Keys(), Now() + std::chrono::hours(1)), "InvalidSignatureException");
  EXPECT_FALSE(Verify(request, "another body", rules, Keys(), Now()));
}

TEST(ClaimedScope, IsReadFromHeaderOrQueryWithoutAKey) {
  for (const HttpRequest& request :
       {SignedRequest(ErrorStyle::kJson), PresignedRequest(ErrorStyle::kJson)}) {
    const auto scope = ClaimedScope(request);
    ASSERT_TRUE(scope);
    EXPECT_EQ(scope->service, "personalize");
    EXPECT_EQ(scope->region, "us-east-1");
    EXPECT_EQ(scope->access_key_id, kAccessKey);
    EXPECT_TRUE(HasSignature(request));
  }
  EXPECT_FALSE(ClaimedScope(Plain()));
  EXPECT_FALSE(HasSignature(Plain()));
  HttpRequest basic = Plain();
  basic.headers.Add("Authorization", "Basic dTpw");
  EXPECT_FALSE(ClaimedScope(basic));
  EXPECT_TRUE(HasSignature(basic));
}

TEST(CanonicalQuery, SortsByNameThenValueAndGivesEachByteOneForm) {
  const auto canonical = [](std::string_view query) {
    const auto target = ParseTarget("/?" + std::string(query));
    return target ? CanonicalQuery(target->parameters, {}) : "refused";
  };

  EXPECT_EQ(canonical("b=2&a=2&a=10&a=1"), "a=1&a=10&a=2&b=2");
  EXPECT_EQ(canonical("a-b=1&a=2"), "a=2&a-b=1");
  EXPECT_EQ(canonical("acl"), "acl=");
  EXPECT_EQ(canonical("acl="), "acl=");
  EXPECT_EQ(canonical("=v"), "=v");
  EXPECT_EQ(canonical("a=b=c"), "a=b%3Dc");
  EXPECT_EQ(canonical("a=%7e%2d+%20/"), "a=~-%20%20%2F");
  EXPECT_EQ(canonical("a&&b"), "=&a=&b=");
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical("a=%"), "refused");
  EXPECT_EQ(canonical("a=%2"), "refused");
  EXPECT_EQ(canonical("%zz=1"), "refused");
}

TEST(CanonicalPath, FollowsTheServicesRules) {
  const Rules s3 = S3Rules();
  const Rules service = ServiceRules(ErrorStyle::kJson);

  EXPECT_EQ(CanonicalPath("/a//./b/../c", s3), "/a//./b/../c");
  EXPECT_EQ(CanonicalPath("/a//./b/../c", service), "/a/c");
  EXPECT_EQ(CanonicalPath("/a%20b%2fc%7E", s3), "/a%20b%2Fc~");
  EXPECT_EQ(CanonicalPath("/a%20b", service), "/a%2520b");
  EXPECT_EQ(CanonicalPath("", s3), "/");
  EXPECT_EQ(CanonicalPath("/..", service), "/");
  EXPECT_EQ(CanonicalPath("/a/", service), "/a/");
}

TEST(CanonicalHeaderValue, TrimsFoldsAndJoins) {
  Headers headers;
  headers.Add("My-Header", "  a   b\t\tc  ");
  headers.Add("my-header", "");
  headers.Add("MY-HEADER", "\"d   e\"");
  EXPECT_EQ(CanonicalHeaderValue(headers, "my-header"), "a b c,,\"d e\"");
}

}  // namespace
}  // namespace usher::wire::sigv4
