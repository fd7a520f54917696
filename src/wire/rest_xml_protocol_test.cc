#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/codec_test_help.h"

namespace usher::wire {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view kXmlns = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

const UriLabels kBucketAndKey = {{"Bucket", "b"}, {"Key", "a//k"}};

TEST(RestXmlProtocol, ReadsXmlWithFlattenedLists) {
  EXPECT_EQ(Decoded(Op("s3", "DeleteObjects"), {.body = R"(<?xml version="1.0"?><!-- c -->
      <Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Object><Key>a&amp;&#x62;</Key></Object><Quiet>true</Quiet><Other/>
        <Object><Key> </Key><VersionId><![CDATA[<v>]]></VersionId></Object></Delete>)",
                                                .labels = {{"Bucket", "b"}}}),
            R"({"Bucket":"b","Delete":{"Objects":[{"Key":"a&b"},{"Key":" ","VersionId":"<v>"}],)"
            R"("Quiet":true}})");
}

TEST(RestXmlProtocol, DropsNamespacePrefixes) {
  EXPECT_EQ(Decoded(Op("s3", "PutBucketTagging"),
                    {.body = R"(<s:Tagging xmlns:s="x"><s:TagSet><s:Tag><s:Key>k</s:Key>
                         <s:Value/></s:Tag></s:TagSet></s:Tagging>)",
                     .labels = {{"Bucket", "b"}}}),
            R"({"Bucket":"b","Tagging":{"TagSet":[{"Key":"k","Value":""}]}})");
}

TEST(RestXmlProtocol, RefusesXmlThatIsMalformedOrDangerous) {
  std::string deep;
  for (std::size_t i = 0; i <= kMaxXmlDepth; ++i) deep += "<Delete>";
  std::string wide = "<Delete>";
  for (std::size_t i = 0; i <= kMaxXmlNodes; ++i) wide += "<a/>";
  std::string closed_deep = deep;
  for (std::size_t i = 0; i <= kMaxXmlDepth; ++i) closed_deep += "</Delete>";
  for (const std::string& body :
       {std::string("<Delete>"), std::string("x"), std::string("<Delete/><Delete/>"),
        std::string("<Other/>"), std::string("<Delete><Quiet>maybe</Quiet></Delete>"),
        std::string("<Delete><Quiet>true</Quiet><Quiet>true</Quiet></Delete>"),
        std::string("<Delete><Object><Key>\xff</Key></Object></Delete>"),
        std::string("<Delete><Object><Key>&#xD800;</Key></Object></Delete>"),
        std::string("<!DOCTYPE Delete [<!ENTITY a \"b\">]><Delete><Object><Key>&a;</Key></Object>"
                    "</Delete>"),
        std::string("<!DOCTYPE Delete SYSTEM \"file:///etc/passwd\"><Delete/>"), deep, closed_deep,
        wide + "</Delete>"}) {
    const auto value =
        Decode(Op("s3", "DeleteObjects"), {.body = body, .labels = {{"Bucket", "b"}}});
    ASSERT_FALSE(value) << body.substr(0, 100);
    EXPECT_EQ(value.error().wire_name, "MalformedXML");
    EXPECT_EQ(value.error().http_status, 400);
  }
}

TEST(RestXmlProtocol, ReadsHeadersQueryAndTheStream) {
  Headers headers;
  headers.Add("Content-Type", "text/csv");
  headers.Add("x-amz-meta-Color", "red");
  headers.Add("X-Amz-Meta-Size", "1, 2");

  auto value =
      Decode(Op("s3", "PutObject"), {.body = "bytes", .headers = headers, .labels = kBucketAndKey});

  ASSERT_TRUE(value);
  EXPECT_EQ(*value->Find("Key"), Value("a//k"));
  EXPECT_EQ(*value->Find("ContentType"), Value("text/csv"));
  EXPECT_EQ(json::Write(*value->Find("Metadata")), R"({"color":"red","size":"1, 2"})");
  EXPECT_EQ(*ReadAll(**value->Find("Body")->as_stream(), 100), "bytes");
}

TEST(RestXmlProtocol, RefusesParametersOfAWrongType) {
  EXPECT_EQ(Decoded(Op("s3", "ListObjectsV2"), {.body = "",
                                                .labels = {{"Bucket", "b"}},
                                                .query = {{"list-type", "2"}, {"max-keys", "x"}}}),
            "InvalidArgument: 'max-keys' must be an integer, got 'x'");
}

TEST(RestXmlProtocol, ReadsAPolicyAsText) {
  EXPECT_EQ(
      Decoded(Op("s3", "PutBucketPolicy"), {.body = "{\"a\": 1}", .labels = {{"Bucket", "b"}}}),
      R"({"Bucket":"b","Policy":"{\"a\": 1}"})");
}

TEST(RestXmlProtocol, WritesListsFlattenedUnderTheRootThatS3Uses) {
  ValueMap object = *Tree(R"({"Key":"a<\u0001&\n","ETag":"\"e\"","Size":3})").as_map();
  object.Set("LastModified", FromEpochMillis(1542392161000));
  ValueMap response;
  response.Set("Name", "b");
  response.Set("IsTruncated", false);
  response.Set("Contents", ValueList{object});
  response.Set("CommonPrefixes", Tree(R"([{"Prefix":"p/"},{"Prefix":"q/"}])"));

  const HttpResponse answer = Encode(Op("s3", "ListObjectsV2"), response);

  EXPECT_EQ(answer.body,
            std::string(kHead) + "<ListBucketResult " + std::string(kXmlns) +
                "><Name>b</Name><IsTruncated>false</IsTruncated><Contents>"
                "<Key>a&lt;&#1;&amp;&#10;</Key><ETag>&quot;e&quot;</ETag><Size>3</Size>"
                "<LastModified>2018-11-16T18:16:01.000Z</LastModified></Contents>"
                "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
                "<CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes></ListBucketResult>");
  EXPECT_EQ(HeaderOf(answer, "Content-Type"), "application/xml");
}

TEST(RestXmlProtocol, WritesListsThatAreNotFlattened) {
  EXPECT_THAT(
      Encode(Op("s3", "ListBuckets"), Tree(R"({"Buckets":[{"Name":"a"},{"Name":"b"}]})")).body,
      HasSubstr("<ListAllMyBucketsResult " + std::string(kXmlns) +
                "><Buckets><Bucket><Name>a</Name></Bucket>"
                "<Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>"));
}

TEST(RestXmlProtocol, WritesTheOddAnswerOfGetBucketLocation) {
  EXPECT_EQ(
      Encode(Op("s3", "GetBucketLocation"), Tree(R"({"LocationConstraint":"eu-west-1"})")).body,
      std::string(kHead) + "<LocationConstraint " + std::string(kXmlns) +
          ">eu-west-1</LocationConstraint>");
  EXPECT_EQ(
      Encode(Op("s3", "GetBucketLocation"), ValueMap()).body,
      std::string(kHead) + "<LocationConstraint " + std::string(kXmlns) + "></LocationConstraint>");
}

TEST(RestXmlProtocol, WritesAPayloadStructureAsTheRoot) {
  const HttpResponse answer =
      Encode(Op("s3", "CopyObject"), Tree(R"({"CopyObjectResult":{"ETag":"e"},"VersionId":"v1"})"));

  EXPECT_EQ(answer.body, std::string(kHead) + "<CopyObjectResult " + std::string(kXmlns) +
                             "><ETag>e</ETag></CopyObjectResult>");
  EXPECT_EQ(HeaderOf(answer, "x-amz-version-id"), "v1");
}

TEST(RestXmlProtocol, SendsObjectsAsStreamsWithTheirHeaders) {
  ValueMap response = *Tree(R"({"ETag":"\"e\"","ContentType":"text/csv","ContentLength":5,
                                "Metadata":{"color":"red"}})")
                           .as_map();
  response.Set("LastModified", FromEpochMillis(1542392161837));
  response.Set("Body", Value(Stream(std::make_shared<StringSource>("bytes"))));

  const HttpResponse answer = Encode(Op("s3", "GetObject"), response);

  EXPECT_EQ(*ReadAll(*answer.stream, 100), "bytes");
  EXPECT_EQ(HeaderOf(answer, "ETag"), "\"e\"");
  EXPECT_EQ(HeaderOf(answer, "Content-Type"), "text/csv");
  EXPECT_EQ(HeaderOf(answer, "Last-Modified"), "Fri, 16 Nov 2018 18:16:01 GMT");
  EXPECT_EQ(HeaderOf(answer, "x-amz-meta-color"), "red");
  EXPECT_EQ(HeaderOf(answer, "Content-Length"), "(none)");  // known from the stream
}

TEST(RestXmlProtocol, AnswersHeadWithTheLengthAndNoBody) {
  const HttpResponse answer =
      Encode(Op("s3", "HeadObject"), Tree(R"({"ContentLength":5})"), /*head=*/true);

  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.stream, nullptr);
  EXPECT_EQ(HeaderOf(answer, "Content-Length"), "5");
}

TEST(RestXmlProtocol, PutsBothIdsOnEveryAnswer) {
  for (const HttpResponse& answer :
       {Encode(Op("s3", "DeleteBucket"), ValueMap()), Encode(Op("s3", "PutObject"), ValueMap()),
        kRestXmlCodec.encode_error({.name = "NoSuchKey", .status = 404},
                                   {.request_id = kTestRequestId, .head = true})}) {
    EXPECT_EQ(HeaderOf(answer, "x-amz-request-id"), kTestRequestId);
    EXPECT_NE(HeaderOf(answer, "x-amz-id-2"), "(none)");
    EXPECT_EQ(answer.body, "");
  }
  EXPECT_EQ(Encode(Op("s3", "DeleteBucket"), ValueMap()).status, 204);
}

TEST(RestXmlProtocol, ShapesErrors) {
  const HttpResponse answer = kRestXmlCodec.encode_error({.service = FindService("s3"),
                                                          .name = "NoSuchKey",
                                                          .status = 404,
                                                          .message = "no key",
                                                          .details = {{"Key", "a&b"}}},
                                                         {.request_id = kTestRequestId});

  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, std::string(kHead) +
                             "<Error><Code>NoSuchKey</Code><Message>no key</Message>"
                             "<Key>a&amp;b</Key><RequestId>REQUEST-1</RequestId>"
                             "<HostId>UkVRVUVTVC0x</HostId></Error>");
}

TEST(RestXmlProtocol, LeavesTheBodyOutOfErrorsThatMayHaveNone) {
  EXPECT_EQ(kRestXmlCodec.encode_error({.name = "NoSuchKey", .status = 404}, {.head = true}).body,
            "");
  EXPECT_EQ(kRestXmlCodec.encode_error({.name = "NotModified", .status = 304}, {}).body, "");
}

}  // namespace
}  // namespace usher::wire
