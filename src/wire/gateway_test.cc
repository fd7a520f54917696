#include "wire/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "json/json.h"
#include "wire/codec_test_help.h"
#include "wire/iam.h"
#include "wire/personalize.h"
#include "wire/personalize_runtime.h"
#include "wire/s3.h"
#include "wire/sigv4.h"
#include "wire/sts.h"

namespace usher::wire {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr std::string_view kKey = "AKIAIOSFODNN7EXAMPLE";
constexpr std::string_view kSecret = "secret";

class OneKey final : public Credentials {
 public:
  [[nodiscard]] std::optional<Key> Find(std::string_view access_key_id) const override {
    if (access_key_id != kKey) return std::nullopt;
    return Key{.secret = std::string(kSecret), .arn = "arn:aws:iam::000000000000:root"};
  }
};

// Gives its bytes and then an error, as a body that ends too early does.
class BrokenSource final : public ByteSource {
 public:
  Result<std::size_t> Read(std::span<char> /*buffer*/) override {
    return Named("IncompleteBody", ErrorCode::kInvalidInput, "the body ended early", 400);
  }
};

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    dispatcher_.Handle<api::personalize::DescribeCampaign>(
        [&](const auto& request,
            CallContext& context) -> Result<api::personalize::DescribeCampaignResponse> {
          context_ = context;
          if (request.campaign_arn.ends_with("throws")) throw std::runtime_error("boom at /secret");
          if (request.campaign_arn.ends_with("broken")) return Internal("disk /secret failed");
          if (request.campaign_arn.ends_with("none")) return NotFound("no such campaign");
          api::personalize::DescribeCampaignResponse response;
          response.campaign.emplace().name = "movies";
          return response;
        });
    dispatcher_.Handle<api::personalize_runtime::GetRecommendations>(
        [](const auto& /*request*/, CallContext& /*context*/)
            -> Result<api::personalize_runtime::GetRecommendationsResponse> {
          return NotFound("no such campaign");
        });
    dispatcher_.Handle<api::iam::GetRole>(
        [](const auto& request, CallContext& /*context*/) -> Result<api::iam::GetRoleResponse> {
          if (request.role_name == "none") return NotFound("no such role");
          api::iam::GetRoleResponse response;
          response.role.role_name = request.role_name;
          return response;
        });
    dispatcher_.Handle<api::s3::PutObject>(
        [&](const auto& request, CallContext& /*context*/) -> Result<api::s3::PutObjectOutput> {
          auto body = ReadAll(*request.body, 1U << 20);
          if (!body) return body.error();
          stored_ = *std::move(body);
          return api::s3::PutObjectOutput{.e_tag = "\"e\""};
        });
    dispatcher_.Handle<api::s3::GetObject>(
        [](const auto& request, CallContext& context) -> Result<api::s3::GetObjectOutput> {
          if (request.key == "none") {
            return Named("NoSuchKey", ErrorCode::kNotFound, "The specified key does not exist.");
          }
          context.response_status = 206;
          context.response_headers.Add("Content-Range", "bytes 0-3/10");
          api::s3::GetObjectOutput output;
          output.body = std::make_shared<StringSource>("0123");
          return output;
        });
    dispatcher_.Handle<api::s3::HeadObject>(
        [](const auto& /*request*/, CallContext& /*context*/) -> Result<api::s3::HeadObjectOutput> {
          return Named("NoSuchKey", ErrorCode::kNotFound, "The specified key does not exist.", 404);
        });
    dispatcher_.Handle<api::s3::PutBucketTagging>(
        [](const auto& /*request*/,
           CallContext& /*context*/) -> Result<api::s3::PutBucketTagging::Response> {
          return api::s3::PutBucketTagging::Response{};
        });
  }

  static HttpRequest Request(std::string_view method_and_target, std::string_view body,
                             std::initializer_list<Headers::Entry> fields = {}) {
    const std::size_t space = method_and_target.find(' ');
    HttpRequest request{.method = std::string(method_and_target.substr(0, space)),
                        .target = std::string(method_and_target.substr(space + 1)),
                        .body = std::make_shared<StringSource>(std::string(body))};
    request.headers.Add("Host", "localhost:4566");
    for (const auto& [name, value] : fields) request.headers.Add(name, value);
    return request;
  }

  HttpRequest Sign(HttpRequest request, std::string_view body, std::string_view service,
                   std::string_view key = kKey, std::string_view secret = kSecret) {
    sigv4::SignOptions options{
        .identity = {std::string(key), std::string(secret), ""},
        .region = "eu-west-1",
        .service = std::string(service),
        .now = clock_.Now(),
        .rules = service == "s3" ? sigv4::S3Rules() : sigv4::ServiceRules(sigv4::ErrorStyle::kJson),
        .send_content_sha256 = service == "s3"};
    sigv4::Sign(request, body, options);
    return request;
  }

  HttpRequest Describe(std::string_view campaign) {
    return Request("POST /",
                   R"({"campaignArn":"arn:aws:personalize:eu-west-1:000000000000:campaign/)" +
                       std::string(campaign) + "\"}",
                   {{"X-Amz-Target", "AmazonPersonalize.DescribeCampaign"},
                    {"Content-Type", "application/x-amz-json-1.1"}});
  }

  static HttpRequest Form(std::string_view form) {
    return Request("POST /", form, {{"Content-Type", "application/x-www-form-urlencoded"}});
  }

  HttpResponse Handle(HttpRequest request, bool verify = false) {
    const Gateway gateway(dispatcher_, keys_, clock_,
                          {.verify_signatures = verify, .max_body_bytes = 1000});
    outcome_ = {};
    return gateway.Handle(std::move(request), outcome_);
  }

  Dispatcher dispatcher_;
  OneKey keys_;
  FixedClock clock_{FromEpochMillis(1'800'000'000'000)};
  Outcome outcome_;
  CallContext context_;
  std::string stored_;
};

TEST_F(GatewayTest, AnswersAJsonRequest) {
  const HttpResponse answer = Handle(Describe("movies"));

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"campaign":{"name":"movies"}})");
  EXPECT_EQ(outcome_.service, "personalize");
  EXPECT_EQ(outcome_.operation, "DescribeCampaign");
  EXPECT_EQ(outcome_.error_name, "");
  EXPECT_THAT(outcome_.request_id, MatchesRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
  EXPECT_EQ(HeaderOf(answer, "x-amzn-RequestId"), outcome_.request_id);
}

TEST_F(GatewayTest, TellsTheHandlerWhoCallsFromWhere) {
  HttpRequest request = Describe("movies");
  request.headers.Add(
      "X-Amzn-Trace-Id",
      "Root=1-5e1b4151-5ac6c58f40c5a3d0a1b2c3d4; Parent=53995c3f42cd8ad8; Sampled=1");

  ASSERT_EQ(
      Handle(Sign(request, *ReadAll(*Describe("movies").body, 1000), "personalize"), true).status,
      200);

  EXPECT_EQ(context_.caller.account_id, "000000000000");
  EXPECT_EQ(context_.caller.access_key_id, kKey);
  EXPECT_EQ(context_.caller.arn, "arn:aws:iam::000000000000:root");
  EXPECT_FALSE(context_.caller.anonymous);
  EXPECT_EQ(context_.region, "eu-west-1");
  EXPECT_EQ(context_.endpoint, "http://localhost:4566");
  EXPECT_EQ(context_.now, clock_.Now());
  EXPECT_EQ(context_.request_id, outcome_.request_id);
  EXPECT_EQ(context_.trace.root, "1-5e1b4151-5ac6c58f40c5a3d0a1b2c3d4");
  EXPECT_EQ(context_.trace.parent, "53995c3f42cd8ad8");
  EXPECT_TRUE(context_.trace.sampled);
}

TEST_F(GatewayTest, ShapesOneErrorForEachProtocol) {
  const HttpResponse json = Handle(Describe("none"));
  EXPECT_EQ(json.status, 400);
  EXPECT_EQ(json.body, R"({"__type":"ResourceNotFoundException","message":"no such campaign"})");
  EXPECT_EQ(outcome_.error_name, "ResourceNotFoundException");

  const HttpResponse rest = Handle(Request("POST /recommendations", "{}"));
  EXPECT_EQ(rest.status, 404);
  EXPECT_EQ(rest.body, R"({"message":"no such campaign"})");
  EXPECT_EQ(HeaderOf(rest, "x-amzn-ErrorType"), "ResourceNotFoundException");

  const HttpResponse query = Handle(Form("Action=GetRole&Version=2010-05-08&RoleName=none"));
  EXPECT_EQ(query.status, 404);
  EXPECT_THAT(query.body, HasSubstr("<Code>NoSuchEntity</Code><Message>no such role</Message>"));

  const HttpResponse xml = Handle(Request("GET /b/none", ""));
  EXPECT_EQ(xml.status, 404);
  EXPECT_THAT(xml.body, HasSubstr("<Error><Code>NoSuchKey</Code>"));
  EXPECT_THAT(HeaderOf(xml, "x-amz-request-id"), MatchesRegex("[0-9A-F]{16}"));
}

TEST_F(GatewayTest, ValidatesBeforeTheHandler) {
  const HttpResponse answer =
      Handle(Request("POST /", "{}", {{"X-Amz-Target", "AmazonPersonalize.DescribeCampaign"}}));

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            R"({"__type":"InvalidInputException","message":"1 validation error detected: )"
            R"(Value null at 'campaignArn' failed to satisfy constraint: Member must not be )"
            R"(null"})");
}

TEST_F(GatewayTest, KeepsInternalDetailsOutOfTheAnswer) {
  for (const char* campaign : {"broken", "throws"}) {
    const HttpResponse answer = Handle(Describe(campaign));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(outcome_.error_name, "InternalFailure");
    EXPECT_THAT(answer.body, HasSubstr("InternalFailure"));
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  }
}

TEST_F(GatewayTest, SaysWhatItDoesNotKnowInTheProtocolAskedFor) {
  const HttpResponse json =
      Handle(Request("POST /", "{}", {{"X-Amz-Target", "AmazonPersonalize.MakeCoffee"}}));
  EXPECT_EQ(json.status, 400);
  EXPECT_THAT(json.body, HasSubstr(R"("__type":"UnknownOperationException")"));

  const HttpResponse query = Handle(Form("Action=MakeCoffee&Version=2010-05-08"));
  EXPECT_EQ(query.status, 400);
  EXPECT_THAT(query.body, HasSubstr("<Code>InvalidAction</Code>"));

  const HttpResponse xml = Handle(Request("PATCH /b/k", ""));
  EXPECT_EQ(xml.status, 405);
  EXPECT_THAT(xml.body, HasSubstr("<Code>MethodNotAllowed</Code>"));

  const HttpResponse service =
      Handle(Sign(Request("POST /", "{}", {{"X-Amz-Target", "Coffee.Make"}}), "{}", "coffee"));
  EXPECT_EQ(service.status, 404);
  EXPECT_THAT(service.body, HasSubstr("UnknownOperationException"));
  EXPECT_THAT(service.body, HasSubstr("no service 'coffee'"));
  EXPECT_EQ(outcome_.service, "");
  EXPECT_NE(outcome_.request_id, "");
}

// None of these statuses and names makes an SDK try again.
TEST_F(GatewayTest, SaysWhatIsNotBuiltInTheProtocolAskedFor) {
  const HttpResponse json =
      Handle(Request("POST /", "{}", {{"X-Amz-Target", "AmazonPersonalize.CreateRecommender"}}));
  EXPECT_EQ(json.status, 400);
  EXPECT_EQ(json.body,
            R"({"__type":"UnsupportedOperationException",)"
            R"("message":"Amazon Personalize CreateRecommender is not supported by Usher."})");

  const HttpResponse rest = Handle(Request("POST /action-recommendations", "{}"));
  EXPECT_EQ(rest.status, 501);
  EXPECT_EQ(HeaderOf(rest, "x-amzn-ErrorType"), "NotImplemented");

  const HttpResponse query = Handle(Form("Action=CreateUser&Version=2010-05-08"));
  EXPECT_EQ(query.status, 400);
  EXPECT_THAT(query.body, HasSubstr("<Code>UnsupportedOperation</Code>"));

  const HttpResponse xml = Handle(Request("GET /b?replication", ""));
  EXPECT_EQ(xml.status, 501);
  EXPECT_THAT(xml.body, HasSubstr("<Code>NotImplemented</Code>"));
}

TEST_F(GatewayTest, RefusesBodiesOverTheLimitInTheProtocolAskedFor) {
  const std::string large(1001, ' ');
  HttpRequest json = Describe("movies");
  json.body = std::make_shared<StringSource>(large);

  EXPECT_EQ(Handle(std::move(json)).status, 413);
  EXPECT_EQ(outcome_.error_name, "RequestEntityTooLargeException");
  EXPECT_EQ(Handle(Form("Version=2010-05-08&Action=GetRole&RoleName=" + large)).status, 413);
  EXPECT_EQ(outcome_.error_name, "RequestEntityTooLarge");
  EXPECT_EQ(Handle(Request("PUT /b?tagging", large)).status, 400);
  EXPECT_EQ(outcome_.error_name, "MaxMessageLengthExceeded");

  EXPECT_EQ(Handle(Request("PUT /b/k", large)).status, 200);  // streams
  EXPECT_EQ(stored_, large);
}

TEST_F(GatewayTest, ReadsLittleOfAStrangersForm) {
  const std::string large =
      "Version=2010-05-08&Action=GetRole&RoleName=" + std::string(70'000, 'a');

  const Gateway gateway(dispatcher_, keys_, clock_, {});
  EXPECT_EQ(gateway.Handle(Form(large), outcome_).status, 413);
}

TEST_F(GatewayTest, HoldsSmallBodiesToTheirChecksums) {
  const auto put = [&](Headers::Entry field) {
    Handle(Request("PUT /b?tagging", "<Tagging><TagSet/></Tagging>", {std::move(field)}));
    return outcome_.error_name;
  };

  EXPECT_EQ(put({"Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw=="}), "BadDigest");
  EXPECT_EQ(put({"x-amz-checksum-crc32", "y/Q5Jg=="}), "BadDigest");
  EXPECT_EQ(put({"x-amz-checksum-crc32", "wsibng=="}), "");
}

TEST_F(GatewayTest, PassesOnWhatWentWrongWithTheBody) {
  for (const char* target : {"PUT /b/k", "PUT /b?tagging"}) {
    HttpRequest request = Request(target, "");
    request.body = std::make_shared<BrokenSource>();

    EXPECT_EQ(Handle(std::move(request)).status, 400);
    EXPECT_EQ(outcome_.error_name, "IncompleteBody");
  }
}

TEST_F(GatewayTest, RefusesTargetsThatCannotBeRead) {
  EXPECT_EQ(Handle(Request("GET /b?x=%zz", "")).status, 400);
  EXPECT_EQ(outcome_.error_name, "InvalidURI");
  EXPECT_EQ(Handle(Request("GET /b/%ff", "")).status, 400);
  EXPECT_EQ(outcome_.error_name, "InvalidURI");
}

TEST_F(GatewayTest, AddsWhatTheHandlerSaysBesideTheShape) {
  const HttpResponse answer = Handle(Request("GET /b/k", ""));

  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(HeaderOf(answer, "Content-Range"), "bytes 0-3/10");
  EXPECT_EQ(*ReadAll(*answer.stream, 10), "0123");
}

TEST_F(GatewayTest, LeavesTheBodyOutOfAnswersToHead) {
  const HttpResponse answer = Handle(Request("HEAD /b/none", ""));

  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(outcome_.error_name, "NoSuchKey");
}

TEST_F(GatewayTest, TakesSignedRequestsOfEachProtocol) {
  const std::string json = *ReadAll(*Describe("movies").body, 1000);
  EXPECT_EQ(Handle(Sign(Describe("movies"), json, "personalize"), true).status, 200);

  const std::string form = "Action=GetRole&Version=2010-05-08&RoleName=r";
  EXPECT_EQ(Handle(Sign(Form(form), form, "iam"), true).status, 200);

  EXPECT_EQ(Handle(Sign(Request("PUT /b/a%20b//c", "bytes"), "bytes", "s3"), true).status, 200);
  EXPECT_EQ(stored_, "bytes");

  const std::string tagging = "<Tagging><TagSet/></Tagging>";
  EXPECT_EQ(Handle(Sign(Request("PUT /b?tagging", tagging), tagging, "s3"), true).status, 200);
}

TEST_F(GatewayTest, RefusesUnsignedRequestsInTheProtocolAskedFor) {
  EXPECT_EQ(Handle(Describe("movies"), true).status, 400);
  EXPECT_THAT(outcome_.error_name, HasSubstr("MissingAuthenticationToken"));
  EXPECT_EQ(Handle(Request("POST /recommendations", "{}"), true).status, 403);
  EXPECT_THAT(outcome_.error_name, HasSubstr("MissingAuthenticationToken"));
  EXPECT_EQ(Handle(Form("Action=GetRole&Version=2010-05-08&RoleName=r"), true).status, 403);
  EXPECT_THAT(outcome_.error_name, HasSubstr("MissingAuthenticationToken"));
  EXPECT_EQ(Handle(Request("PUT /b/k", "x"), true).status, 403);
  EXPECT_EQ(outcome_.error_name, "AccessDenied");
  EXPECT_EQ(stored_, "");
}

TEST_F(GatewayTest, RefusesWrongSecretsAndUnknownKeys) {
  const std::string body = *ReadAll(*Describe("movies").body, 1000);

  Handle(Sign(Describe("movies"), body, "personalize", kKey, "wrong"), true);
  EXPECT_EQ(outcome_.error_name, "InvalidSignatureException");
  Handle(Sign(Describe("movies"), body, "personalize", "AKIAUNKNOWN", kSecret), true);
  EXPECT_EQ(outcome_.error_name, "UnrecognizedClientException");
  Handle(Sign(Request("PUT /b/k", "x"), "x", "s3", kKey, "wrong"), true);
  EXPECT_EQ(outcome_.error_name, "SignatureDoesNotMatch");
  Handle(Sign(Request("PUT /b/k", "x"), "x", "s3", "AKIAUNKNOWN", kSecret), true);
  EXPECT_EQ(outcome_.error_name, "InvalidAccessKeyId");
}

TEST_F(GatewayTest, RefusesABodyOtherThanTheOneSigned) {
  HttpRequest json = Sign(Describe("movies"), "{}", "personalize");
  EXPECT_EQ(Handle(std::move(json), true).status, 400);
  EXPECT_EQ(outcome_.error_name, "InvalidSignatureException");

  EXPECT_EQ(Handle(Sign(Request("PUT /b/k", "evil"), "good", "s3"), true).status, 400);
  EXPECT_EQ(outcome_.error_name, "XAmzContentSHA256Mismatch");
  EXPECT_EQ(stored_, "");
}

TEST_F(GatewayTest, AsksForASignatureBeforeSayingWhatThereIs) {
  Handle(Request("POST /", "{}", {{"X-Amz-Target", "AmazonPersonalize.MakeCoffee"}}), true);

  EXPECT_THAT(outcome_.error_name, HasSubstr("MissingAuthenticationToken"));
}

}  // namespace
}  // namespace usher::wire
