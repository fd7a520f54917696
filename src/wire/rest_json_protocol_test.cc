#include <gtest/gtest.h>

#include "wire/codec_test_help.h"

namespace usher::wire {
namespace {

const Operation& GetRecommendations() { return Op("personalize-runtime", "GetRecommendations"); }

TEST(RestJsonProtocol, ReadsTheBody) {
  EXPECT_EQ(Decoded(GetRecommendations(),
                    {R"({"campaignArn":"a","userId":"1","numResults":3,"context":{"k":"v"}})"}),
            R"({"campaignArn":"a","userId":"1","numResults":3,"context":{"k":"v"}})");
  EXPECT_EQ(Decoded(GetRecommendations(), {""}), "{}");
}

TEST(RestJsonProtocol, NamesTheMemberOfAWrongType) {
  EXPECT_EQ(Decoded(GetRecommendations(), {R"({"numResults":"3"})"}),
            "SerializationException: 'numResults' must be an integer, got a string");
  EXPECT_EQ(Decoded(GetRecommendations(), {R"({"context":{"k":1}})"}),
            "SerializationException: 'context.k' must be a string, got a number");
}

TEST(RestJsonProtocol, WritesTheBody) {
  const HttpResponse answer =
      Encode(GetRecommendations(), Tree(R"({"itemList":[{"itemId":"7","score":0.25}],
                                            "recommendationId":"r"})"));

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"itemList":[{"itemId":"7","score":0.25}],"recommendationId":"r"})");
  EXPECT_EQ(HeaderOf(answer, "Content-Type"), "application/json");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-RequestId"), kTestRequestId);
}

TEST(RestJsonProtocol, NamesErrorsInTheHeader) {
  const HttpResponse answer =
      kRestJsonCodec.encode_error({.service = FindService("personalize-runtime"),
                                   .operation = &GetRecommendations(),
                                   .name = "ResourceNotFoundException",
                                   .status = 404,
                                   .message = "no campaign"},
                                  {.request_id = kTestRequestId});

  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, R"({"message":"no campaign"})");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-ErrorType"), "ResourceNotFoundException");
}

// A service made for the test: what no built operation has yet.
constexpr Shape kText{.name = "Text", .kind = ShapeKind::kString};
constexpr Shape kNumber{.name = "Number", .kind = ShapeKind::kInteger};
constexpr Shape kBytes{.name = "Bytes", .kind = ShapeKind::kBlob};
constexpr Shape kWhen{.name = "When", .kind = ShapeKind::kTimestamp};
constexpr Member kElement{.name = "member", .wire_name = "member", .shape = &kText};
constexpr Shape kTexts{.name = "Texts", .kind = ShapeKind::kList, .element = &kElement};
constexpr Member kKey{.name = "key", .wire_name = "key", .shape = &kText};
constexpr Member kValue{.name = "value", .wire_name = "value", .shape = &kText};
constexpr Shape kMap{.name = "Map", .kind = ShapeKind::kMap, .key = &kKey, .value = &kValue};
constexpr Member kMembers[] = {
    {.name = "Name", .wire_name = "name", .shape = &kText, .location = Location::kUri},
    {.name = "Limit", .wire_name = "limit", .shape = &kNumber, .location = Location::kQuery},
    {.name = "Keys", .wire_name = "key", .shape = &kTexts, .location = Location::kQuery},
    {.name = "Since", .wire_name = "X-Since", .shape = &kWhen, .location = Location::kHeader},
    {.name = "Tags", .wire_name = "X-Tags", .shape = &kTexts, .location = Location::kHeader},
    {.name = "Meta", .wire_name = "X-Meta-", .shape = &kMap, .location = Location::kHeaderPrefix},
    {.name = "Context",
     .wire_name = "X-Context",
     .shape = &kText,
     .location = Location::kHeader,
     .json_value = true},
    {.name = "Status", .wire_name = "Status", .shape = &kNumber, .location = Location::kStatusCode},
    {.name = "items", .wire_name = "item", .shape = &kTexts},
    {.name = "Payload", .wire_name = "Payload", .shape = &kBytes}};
constexpr Shape kBound{
    .name = "Bound", .kind = ShapeKind::kStructure, .members = std::span(kMembers).first(9)};
constexpr Shape kBoundPayload{.name = "BoundPayload",
                              .kind = ShapeKind::kStructure,
                              .members = kMembers,
                              .payload = "Payload"};
extern const Service kService;
constexpr Operation kOperations[] = {{.name = "Do",
                                      .method = "POST",
                                      .uri = "/{name}",
                                      .success_status = 202,
                                      .service = &kService,
                                      .input = &kBound,
                                      .output = &kBound,
                                      .implemented = true},
                                     {.name = "Send",
                                      .method = "PUT",
                                      .uri = "/{name}",
                                      .service = &kService,
                                      .input = &kBoundPayload,
                                      .output = &kBoundPayload,
                                      .implemented = true}};
constinit const Service kService{.id = "test",
                                 .title = "Test",
                                 .signing_name = "test",
                                 .endpoint_prefix = "test",
                                 .api_version = "1",
                                 .protocol = Protocol::kRestJson,
                                 .operations = kOperations};

TEST(RestJsonProtocol, ReadsMembersFromEveryPlace) {
  Headers headers;
  headers.Add("x-since", "Fri, 16 Nov 2018 18:16:01 GMT");
  headers.Add("x-tags", "a, b");
  headers.Add("X-Tags", "c");
  headers.Add("x-meta-One", "1");
  headers.Add("X-META-two", "2");
  headers.Add("x-context", "eyJhIjoxfQ==");

  EXPECT_EQ(Decoded(kOperations[0], {.body = R"({"item":["x"],"Name":"ignored"})",
                                     .headers = headers,
                                     .labels = {{"name", "n"}},
                                     .query = {{"key", "k1"}, {"limit", "5"}, {"key", "k2"}}}),
            R"({"items":["x"],"Name":"n","Limit":5,"Keys":["k1","k2"],"Since":1542392161,)"
            R"("Tags":["a","b","c"],"Meta":{"one":"1","two":"2"},"Context":"{\"a\":1}"})");
}

TEST(RestJsonProtocol, RefusesBoundMembersOfAWrongType) {
  EXPECT_EQ(Decoded(kOperations[0], {.body = "", .query = {{"limit", "x"}}}),
            "SerializationException: 'limit' must be an integer, got 'x'");
}

TEST(RestJsonProtocol, WritesMembersToEveryPlace) {
  ValueMap response = *Tree(R"({"items":["x"],"Tags":["a","b"],"Meta":{"one":"1"},
                                "Context":"{}","Status":207})")
                           .as_map();
  response.Set("Since", FromEpochMillis(1542392161000));

  const HttpResponse answer = Encode(kOperations[0], response);

  EXPECT_EQ(answer.status, 207);
  EXPECT_EQ(answer.body, R"({"item":["x"]})");
  EXPECT_EQ(HeaderOf(answer, "X-Since"), "Fri, 16 Nov 2018 18:16:01 GMT");
  EXPECT_EQ(HeaderOf(answer, "X-Tags"), "a, b");
  EXPECT_EQ(HeaderOf(answer, "X-Meta-one"), "1");
  EXPECT_EQ(HeaderOf(answer, "X-Context"), "e30=");
  EXPECT_EQ(Encode(kOperations[0], ValueMap()).status, 202);
}

TEST(RestJsonProtocol, CarriesAPayloadAsItIs) {
  const auto value = Decode(kOperations[1], {.body = "\x01\xff", .labels = {{"name", "n"}}});
  ASSERT_TRUE(value);
  EXPECT_EQ(value->Find("Payload")->as_blob()->bytes, "\x01\xff");

  ValueMap response;
  response.Set("Payload", Blob{"\x02\xfe"});
  EXPECT_EQ(Encode(kOperations[1], response).body, "\x02\xfe");
}

TEST(RestJsonProtocol, LetsNoHeaderValueBeginAnotherHeader) {
  const HttpResponse answer =
      Encode(kOperations[0], Tree(R"({"Meta":{"a\r\nX-Evil: 1":"b\r\nX-Evil: 2"}})"));

  for (const auto& [name, text] : answer.headers) {
    EXPECT_EQ((name + text).find_first_of("\r\n"), std::string::npos);
  }
}

}  // namespace
}  // namespace usher::wire
