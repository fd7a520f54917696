#include "wire/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::wire {
namespace {

using testing::ElementsAre;
using testing::Pair;

HttpRequest Request(std::string_view method_and_target, Headers headers = {}) {
  const std::size_t space = method_and_target.find(' ');
  return {.method = std::string(method_and_target.substr(0, space)),
          .target = std::string(method_and_target.substr(space + 1)),
          .headers = std::move(headers),
          .body = std::make_shared<StringSource>("")};
}

Headers Fields(std::initializer_list<std::pair<const char*, const char*>> fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.Add(name, value);
  return headers;
}

class Routing : public testing::Test {
 protected:
  Route Find(const HttpRequest& request, std::string_view signing_name) {
    const auto target = ParseTarget(request.target);
    EXPECT_TRUE(target);
    auto route = router_.Find(request, *target, signing_name);
    EXPECT_TRUE(route) << (route ? "" : route.error().message);
    return route ? *std::move(route) : Route{};
  }

  // "service Operation", either empty when not found.
  std::string Name(const HttpRequest& request, std::string_view signing_name) {
    const Route route = Find(request, signing_name);
    return std::string(route.service ? route.service->id : "") + " " +
           std::string(route.operation ? route.operation->name : "");
  }

  std::string S3(std::string_view method_and_target, Headers headers = {}) {
    return Name(Request(method_and_target, std::move(headers)), "s3");
  }

  Router router_;
};

TEST_F(Routing, TellsTheServicesOfOneSigningNameApart) {
  EXPECT_EQ(Name(Request("POST /", Fields({{"X-Amz-Target", "AmazonPersonalize.CreateCampaign"}})),
                 "personalize"),
            "personalize CreateCampaign");
  EXPECT_EQ(Name(Request("POST /recommendations"), "personalize"),
            "personalize-runtime GetRecommendations");
  EXPECT_EQ(Name(Request("POST /events"), "personalize"), "personalize-events PutEvents");
}

TEST_F(Routing, FindsJsonOperationsByTargetWithAndWithoutScope) {
  const Headers target = Fields({{"X-Amz-Target", "AWSStepFunctions.CreateStateMachine"}});

  EXPECT_EQ(Name(Request("POST /", target), "states"), "stepfunctions CreateStateMachine");
  EXPECT_EQ(Name(Request("POST /", target), ""), "stepfunctions CreateStateMachine");
  EXPECT_EQ(Name(Request("POST /", Fields({{"X-Amz-Target", "AmazonPersonalize.NoSuch"}})),
                 "personalize"),
            "personalize ");
}

TEST_F(Routing, KnowsNothingOfServicesThatAreNotThere) {
  EXPECT_EQ(
      Name(Request("POST /", Fields({{"X-Amz-Target", "DynamoDB_20120810.GetItem"}})), "dynamodb"),
      " ");
  EXPECT_EQ(Name(Request("GET /bucket/key"), "ec2"), " ");
}

TEST_F(Routing, TellsS3OperationsApartByMethodPathQueryAndHeaders) {
  EXPECT_EQ(S3("GET /"), "s3 ListBuckets");
  EXPECT_EQ(S3("PUT /b"), "s3 CreateBucket");
  EXPECT_EQ(S3("PUT /b/"), "s3 CreateBucket");
  EXPECT_EQ(S3("HEAD /b"), "s3 HeadBucket");
  EXPECT_EQ(S3("DELETE /b"), "s3 DeleteBucket");
  EXPECT_EQ(S3("GET /b"), "s3 ListObjects");
  EXPECT_EQ(S3("GET /b?prefix=a&list-type=2"), "s3 ListObjectsV2");
  EXPECT_EQ(S3("GET /b?list-type=1"), "s3 ListObjects");
  EXPECT_EQ(S3("GET /b?location"), "s3 GetBucketLocation");
  EXPECT_EQ(S3("GET /b?location="), "s3 GetBucketLocation");
  EXPECT_EQ(S3("GET /b?uploads"), "s3 ListMultipartUploads");
  EXPECT_EQ(S3("POST /b?delete"), "s3 DeleteObjects");
  EXPECT_EQ(S3("PUT /b?policy"), "s3 PutBucketPolicy");
  EXPECT_EQ(S3("GET /b?acl"), "s3 GetBucketAcl");
  EXPECT_EQ(S3("GET /b?notification"), "s3 GetBucketNotificationConfiguration");

  EXPECT_EQ(S3("PUT /b/k"), "s3 PutObject");
  EXPECT_EQ(S3("PUT /b/k?x-id=PutObject"), "s3 PutObject");
  EXPECT_EQ(S3("PUT /b/k", Fields({{"x-amz-copy-source", "/b/j"}})), "s3 CopyObject");
  EXPECT_EQ(S3("PUT /b/k?tagging"), "s3 PutObjectTagging");
  EXPECT_EQ(S3("POST /b/k?uploads"), "s3 CreateMultipartUpload");
  EXPECT_EQ(S3("PUT /b/k?partNumber=1&uploadId=u"), "s3 UploadPart");
  EXPECT_EQ(S3("PUT /b/k?partNumber=1&uploadId=u", Fields({{"X-Amz-Copy-Source", "/b/j"}})),
            "s3 UploadPartCopy");
  EXPECT_EQ(S3("POST /b/k?uploadId=u"), "s3 CompleteMultipartUpload");
  EXPECT_EQ(S3("GET /b/k?uploadId=u"), "s3 ListParts");
  EXPECT_EQ(S3("DELETE /b/k?uploadId=u"), "s3 AbortMultipartUpload");
  EXPECT_EQ(S3("GET /b/k"), "s3 GetObject");
  EXPECT_EQ(S3("GET /b/k?versionId=1&partNumber=1"), "s3 GetObject");
  EXPECT_EQ(S3("HEAD /b/k"), "s3 HeadObject");
  EXPECT_EQ(S3("DELETE /b/k"), "s3 DeleteObject");

  EXPECT_EQ(S3("POST /b"), "s3 ");
  EXPECT_EQ(S3("PATCH /b/k"), "s3 ");
}

TEST_F(Routing, KeepsKeysAsTheyAre) {
  const auto labels = [&](std::string_view request) { return Find(Request(request), "s3").labels; };

  EXPECT_THAT(labels("GET /b/a//b/../c/"),
              ElementsAre(Pair("Bucket", "b"), Pair("Key", "a//b/../c/")));
  EXPECT_THAT(labels("GET /b//a"), ElementsAre(Pair("Bucket", "b"), Pair("Key", "/a")));
  EXPECT_THAT(labels("GET /b/a%2Fb%2525+c%20d"),
              ElementsAre(Pair("Bucket", "b"), Pair("Key", "a/b%25+c d")));
  EXPECT_THAT(labels("GET /b/."), ElementsAre(Pair("Bucket", "b"), Pair("Key", ".")));
}

TEST_F(Routing, RefusesKeysThatAreNotEncodedUtf8) {
  for (const char* bad : {"/b/%", "/b/%f", "/b/%ff"}) {
    const HttpRequest request = Request("GET " + std::string(bad));
    const auto route = router_.Find(request, *ParseTarget(request.target), "s3");
    ASSERT_FALSE(route) << bad;
    EXPECT_EQ(route.error().wire_name, "InvalidURI");
  }
}

TEST_F(Routing, TakesTheBucketFromTheHost) {
  const Route route =
      Find(Request("PUT /k//1?tagging", Fields({{"Host", "my.bucket.s3.eu-west-1.amazonaws.com"}})),
           "s3");

  EXPECT_EQ(route.operation->name, "PutObjectTagging");
  EXPECT_THAT(route.labels, ElementsAre(Pair("Bucket", "my.bucket"), Pair("Key", "k//1")));
  EXPECT_EQ(S3("GET /", Fields({{"Host", "b.localhost:4566"}})), "s3 ListObjects");
  EXPECT_EQ(S3("GET /", Fields({{"Host", "localhost:4566"}})), "s3 ListBuckets");
}

TEST_F(Routing, GuessesTheServiceOfUnsignedRequests) {
  EXPECT_EQ(Name(Request("GET /b/k"), ""), "s3 GetObject");
  EXPECT_EQ(Name(Request("GET /"), ""), "s3 ListBuckets");
  EXPECT_EQ(Name(Request("POST /recommendations"), ""), "personalize-runtime GetRecommendations");
  EXPECT_EQ(Name(Request("GET /k", Fields({{"Host", "b.s3.amazonaws.com"}})), ""), "s3 GetObject");
  EXPECT_EQ(Name(Request("POST /", Fields({{"Host", "iam.amazonaws.com"}})), ""), "iam ");
}

TEST_F(Routing, FindsQueryOperationsByTheirForm) {
  const Parameters form = {{"Action", "GetCallerIdentity"}, {"Version", "2011-06-15"}};
  const Service* sts = FindService("sts");

  EXPECT_EQ(router_.FindByForm(sts, {}, form).operation, FindOperation(*sts, "GetCallerIdentity"));
  EXPECT_EQ(router_.FindByForm(nullptr, {}, form).service, sts);
  EXPECT_EQ(router_.FindByForm(nullptr, form, {}).service, sts);
  EXPECT_EQ(router_.FindByForm(sts, {}, {{"Action", "NoSuch"}}).operation, nullptr);
  EXPECT_EQ(router_.FindByForm(nullptr, {}, {{"Action", "X"}, {"Version", "1"}}).service, nullptr);
}

TEST(BucketOfHost, KnowsTheFormsOfVirtualHosts) {
  const std::pair<const char*, const char*> hosts[] = {
      {"b.localhost", "b"},
      {"my.bucket.localhost:4566", "my.bucket"},
      {"b.s3.localhost:4566", "b"},
      {"b.s3.amazonaws.com", "b"},
      {"b.S3.Amazonaws.com:443", "b"},
      {"b.s3.us-east-1.amazonaws.com", "b"},
      {"b.s3-us-west-2.amazonaws.com", "b"},
      {"b.s3.dualstack.us-east-1.amazonaws.com", "b"},
      {"b.s3-accelerate.amazonaws.com", "b"},
      {"logs.s3.b.s3.eu-west-1.amazonaws.com", "logs.s3.b"}};
  for (const auto& [host, bucket] : hosts) EXPECT_EQ(BucketOfHost(host), bucket) << host;

  for (const char* host : {"", "localhost", "localhost:4566", "127.0.0.1:4566", "[::1]:4566",
                           "s3.localhost", "s3.amazonaws.com", "s3.us-east-1.amazonaws.com",
                           "personalize.us-east-1.amazonaws.com", "example.com"}) {
    EXPECT_EQ(BucketOfHost(host), std::nullopt) << host;
  }
}

TEST(FindLink, KnowsTheTwoLinksOfMailsAlone) {
  const Router router;
  const auto link = [&](std::string action) {
    const Operation* found = router.FindLink({{"Action", std::move(action)}});
    return std::string(found ? found->name : "");
  };
  EXPECT_EQ(link("ConfirmSubscription"), "ConfirmSubscription");
  EXPECT_EQ(link("Unsubscribe"), "Unsubscribe");
  for (const char* other : {"", "DeleteTopic", "Publish", "GetCallerIdentity", "unsubscribe"}) {
    EXPECT_EQ(link(other), "") << other;
  }
  EXPECT_EQ(router.FindLink({{"action", "Unsubscribe"}}), nullptr);
  EXPECT_EQ(router.FindLink({}), nullptr);
}

}  // namespace
}  // namespace usher::wire
