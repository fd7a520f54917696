#include <gtest/gtest.h>

#include "wire/codec_test_help.h"

namespace usher::wire {
namespace {

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

const Operation& CreateRole() { return Op("iam", "CreateRole"); }

TEST(QueryProtocol, ReadsScalarsListsAndStructures) {
  EXPECT_EQ(Decoded(CreateRole(),
                    {"Action=CreateRole&Version=2010-05-08&RoleName=My+Role&MaxSessionDuration=7200"
                     "&AssumeRolePolicyDocument=%7B%7D&Unknown.x=1"
                     "&Tags.member.2.Key=b&Tags.member.2.Value=2"
                     "&Tags.member.1.Key=a&Tags.member.1.Value=%C3%BC"}),
            R"({"RoleName":"My Role","AssumeRolePolicyDocument":"{}","MaxSessionDuration":7200,)"
            "\"Tags\":[{\"Key\":\"a\",\"Value\":\"\xC3\xBC\"},{\"Key\":\"b\",\"Value\":\"2\"}]}");
}

TEST(QueryProtocol, ReadsParametersFromTheQueryToo) {
  EXPECT_EQ(Decoded(Op("iam", "GetRole"),
                    {.body = "", .query = {{"Action", "GetRole"}, {"RoleName", "r"}}}),
            R"({"RoleName":"r"})");
}

TEST(QueryProtocol, TakesAListWithoutElementsForAnEmptyOne) {
  EXPECT_EQ(Decoded(CreateRole(), {"Tags="}), R"({"Tags":[]})");
}

TEST(QueryProtocol, RefusesFormsThatMakeNoSense) {
  const auto refused = [](std::string_view form) {
    const auto value = Decode(CreateRole(), {form});
    return !value && value.error().wire_name == "MalformedQueryString" &&
           value.error().http_status == 400;
  };

  EXPECT_TRUE(refused("RoleName=a&RoleName=b"));
  EXPECT_TRUE(refused("RoleName=%zz"));
  EXPECT_TRUE(refused("RoleName=%ff"));
  EXPECT_TRUE(refused("RoleName.x=a"));
  EXPECT_TRUE(refused("MaxSessionDuration=soon"));
  EXPECT_TRUE(refused("Tags.member.x.Key=a"));
  EXPECT_TRUE(refused("Tags.member.0.Key=a"));
  EXPECT_TRUE(refused("Tags.member.1.Key=a&Tags.member.01.Key=b"));

  std::string deep = "RoleName";
  for (std::size_t i = 0; i < kMaxFormDepth; ++i) deep += ".x";
  EXPECT_TRUE(refused(deep + "=1"));
  std::string many;
  for (std::size_t i = 0; i <= kMaxFormParameters; ++i) many += "a" + std::to_string(i) + "=&";
  EXPECT_TRUE(refused(many));
}

TEST(QueryProtocol, WrapsTheResult) {
  ValueMap role =
      *Tree(R"({"Path":"/","RoleName":"a<b","Tags":[{"Key":"k","Value":"v"}]})").as_map();
  role.Set("CreateDate", FromEpochMillis(1542392161000));
  ValueMap response;
  response.Set("Role", role);

  const HttpResponse answer = Encode(Op("iam", "GetRole"), response);

  EXPECT_EQ(answer.body, std::string(kHead) +
                             "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"
                             "<GetRoleResult><Role><Path>/</Path><RoleName>a&lt;b</RoleName>"
                             "<Tags><member><Key>k</Key><Value>v</Value></member></Tags>"
                             "<CreateDate>2018-11-16T18:16:01Z</CreateDate></Role></GetRoleResult>"
                             "<ResponseMetadata><RequestId>REQUEST-1</RequestId></ResponseMetadata>"
                             "</GetRoleResponse>");
  EXPECT_EQ(HeaderOf(answer, "Content-Type"), "text/xml");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-RequestId"), kTestRequestId);
}

TEST(QueryProtocol, AnswersWithTheRequestIdAloneWhereTheModelHasNoResult) {
  EXPECT_EQ(Encode(Op("iam", "DeleteRole"), ValueMap()).body,
            std::string(kHead) +
                "<DeleteRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"
                "<ResponseMetadata><RequestId>REQUEST-1</RequestId></ResponseMetadata>"
                "</DeleteRoleResponse>");
}

TEST(QueryProtocol, ShapesErrors) {
  const HttpResponse answer = kQueryCodec.encode_error({.service = FindService("iam"),
                                                        .operation = &CreateRole(),
                                                        .name = "NoSuchEntity",
                                                        .status = 404,
                                                        .message = "no <role>"},
                                                       {.request_id = kTestRequestId});

  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            std::string(kHead) +
                "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>"
                "<Type>Sender</Type><Code>NoSuchEntity</Code><Message>no &lt;role&gt;</Message>"
                "</Error><RequestId>REQUEST-1</RequestId></ErrorResponse>");
}

// Shapes made for the test: maps and flattened lists.
constexpr Shape kText{.name = "Text", .kind = ShapeKind::kString};
constexpr Member kElement{.name = "member", .wire_name = "member", .shape = &kText};
constexpr Shape kTexts{.name = "Texts", .kind = ShapeKind::kList, .element = &kElement};
constexpr Member kKey{.name = "key", .wire_name = "Name", .shape = &kText};
constexpr Member kValue{.name = "value", .wire_name = "Value", .shape = &kText};
constexpr Shape kMap{.name = "Map", .kind = ShapeKind::kMap, .key = &kKey, .value = &kValue};
constexpr Member kMembers[] = {
    {.name = "Flat", .wire_name = "Flat", .shape = &kTexts, .flattened = true},
    {.name = "Map", .wire_name = "Map", .shape = &kMap},
    {.name = "FlatMap", .wire_name = "Attribute", .shape = &kMap, .flattened = true}};
constexpr Shape kShape{.name = "S", .kind = ShapeKind::kStructure, .members = kMembers};
extern const Service kService;
constexpr Operation kOperation{.name = "Do",
                               .method = "POST",
                               .uri = "/",
                               .service = &kService,
                               .input = &kShape,
                               .output = &kShape,
                               .implemented = true};
constinit const Service kService{
    .id = "test", .title = "Test", .protocol = Protocol::kQuery, .operations = {&kOperation, 1}};

TEST(QueryProtocol, ReadsFlattenedListsAndMaps) {
  EXPECT_EQ(Decoded(kOperation, {"Flat.1=a&Flat.3=c&Map.entry.1.Name=k&Map.entry.1.Value=v"
                                 "&Attribute.1.Name=x&Attribute.1.Value=y"}),
            R"({"Flat":["a","c"],"Map":{"k":"v"},"FlatMap":{"x":"y"}})");
  EXPECT_FALSE(Decode(kOperation, {"Map.entry.1.Name=k"}));
  EXPECT_FALSE(Decode(kOperation, {"Attribute.1.Name=k&Attribute.1.Value=1"
                                   "&Attribute.2.Name=k&Attribute.2.Value=2"}));
}

TEST(QueryProtocol, WritesFlattenedListsAndMaps) {
  EXPECT_NE(Encode(kOperation, Tree(R"({"Flat":["a","c"],"Map":{"k":"v"},"FlatMap":{"x":"y"}})"))
                .body.find("<Flat>a</Flat><Flat>c</Flat>"
                           "<Map><entry><Name>k</Name><Value>v</Value></entry></Map>"
                           "<Attribute><Name>x</Name><Value>y</Value></Attribute>"),
            std::string::npos);
}

}  // namespace
}  // namespace usher::wire
