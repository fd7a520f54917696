#include "tracing/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::tracing {
namespace {

using ::testing::HasSubstr;

// Every member set to something.
Segment FullSegment() {
  Segment segment;
  segment.name = "Movies/dev";
  segment.id = 0x70de5b6f19ff9a0aU;
  segment.parent_id = 0x0123456789abcdefU;
  segment.trace_id = "1-581cf771-a006649127e371903a2de979";
  segment.start_us = 1'478'293'361'271'001;
  segment.end_us = 1'478'293'361'449'000;
  segment.origin = kApiGatewayStage;
  segment.http = HttpInfo{.method = "GET",
                          .url = "http://localhost/dev?user_id=5",
                          .user_agent = "curl/7.88 \"x\"",
                          .client_ip = "127.0.0.1",
                          .status = 502};
  segment.fault = true;
  segment.exceptions = {{.id = "00000000000000ff", .type = "KeyError", .message = "'user_id'"}};
  ValueMap gateway;
  gateway.Append("stage", "dev");
  segment.aws.Append("api_gateway", std::move(gateway));
  segment.annotations.Append("device", "phone");
  segment.annotations.Append("age", 7);
  segment.metadata.Append("notes", ValueList{Value(1), Value("b")});
  segment.user = "5";
  Segment below;
  below.name = "Lambda";
  below.id = 2;
  below.name_space = kAwsNamespace;
  below.start_us = 1'478'293'361'300'000;
  below.end_us = 1'478'293'361'400'000;
  below.throttle = below.error = true;
  segment.subsegments.push_back(below);
  return segment;
}

TEST(Segment, ReadsBackWhatItHasWritten) {
  const Segment segment = FullSegment();

  const auto read = ParseDocument(WriteDocument(segment));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, segment);
}

TEST(Segment, WritesTheMembersOfADocument) {
  const auto value = json::Parse(WriteDocument(FullSegment()));

  ASSERT_TRUE(value);
  EXPECT_EQ(*value->Find("id")->as_string(), "70de5b6f19ff9a0a");
  EXPECT_EQ(*value->Find("parent_id")->as_string(), "0123456789abcdef");
  EXPECT_DOUBLE_EQ(*value->Find("start_time")->as_double(), 1478293361.271001);
  EXPECT_EQ(*value->Find("http")->Find("response")->Find("status")->as_int(), 502);
  EXPECT_TRUE(*value->Find("fault")->as_bool());
  EXPECT_EQ(value->Find("error"), nullptr);
  const Value& below = value->Find("subsegments")->as_list()->front();
  EXPECT_EQ(*below.Find("namespace")->as_string(), "aws");
}

// The example of the developer guide for a subsegment that is sent by itself.
TEST(Segment, TakesASubsegmentThatIsSentByItself) {
  const auto read = ParseDocument(
      R"({"name":"www2.example.com","id":"70de5b6f19ff9a0c","start_time":1.478293361271E9,)"
      R"("trace_id":"1-581cf771-a006649127e371903a2de979","end_time":1.478293361449E9,)"
      R"("type":"subsegment","parent_id":"70de5b6f19ff9a0b","namespace":"remote",)"
      R"("http":{"request":{"url":"https://www2.example.com/","method":"GET"},)"
      R"("response":{"content_length":86,"status":200}}})");

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->independent);
  EXPECT_EQ(read->parent_id, 0x70de5b6f19ff9a0bU);
  EXPECT_EQ(read->start_us, 1'478'293'361'271'000);
  EXPECT_EQ(read->http->status, 200);
}

TEST(Segment, KnowsOneThatIsInProgress) {
  const auto read =
      ParseDocument(R"({"name":"a","id":"70de5b6f19ff9a0c","start_time":1.5,"in_progress":true,)"
                    R"("trace_id":"1-581cf771-a006649127e371903a2de979"})");

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->end_us, 0);
}

TEST(Segment, TellsWhichMemberOfADocumentIsWrong) {
  const std::string trace = R"("trace_id":"1-581cf771-a006649127e371903a2de979",)";
  const auto complaint = [](const std::string& text) {
    const auto read = ParseDocument(text);
    return read ? std::string("nothing") : read.error().message;
  };
  EXPECT_THAT(complaint("{"), HasSubstr("JSON"));
  EXPECT_THAT(complaint("[]"), HasSubstr("object"));
  EXPECT_THAT(complaint("{" + trace + R"("id":"70de5b6f19ff9a0c"})"), HasSubstr("'name'"));
  EXPECT_THAT(complaint("{" + trace + R"("name":"a","id":"7"})"), HasSubstr("'id'"));
  EXPECT_THAT(complaint(R"({"name":"a","id":"70de5b6f19ff9a0c","trace_id":"1-2-3"})"),
              HasSubstr("'trace_id'"));
  EXPECT_THAT(complaint("{" + trace + R"("name":"a","id":"70de5b6f19ff9a0c"})"),
              HasSubstr("'start_time'"));
  EXPECT_THAT(complaint("{" + trace + R"("name":"a","id":"70de5b6f19ff9a0c","start_time":1})"),
              HasSubstr("'end_time'"));
  EXPECT_THAT(complaint("{" + trace +
                        R"("name":"a","id":"70de5b6f19ff9a0c","start_time":1e300,"end_time":2})"),
              HasSubstr("'start_time'"));
  EXPECT_THAT(complaint("{" + trace + R"("name":"a","id":"70de5b6f19ff9a0c","type":"subsegment",)" +
                        R"("start_time":1,"end_time":2})"),
              HasSubstr("'parent_id'"));
}

TEST(Segment, RefusesDocumentsThatAreTooLargeOrTooDeep) {
  EXPECT_FALSE(ParseDocument(std::string(kMaxDocumentBytes + 1, ' ')));
  std::string deep;
  const std::string head = R"({"name":"a","id":"70de5b6f19ff9a0c","start_time":1,"end_time":2,)"
                           R"("trace_id":"1-581cf771-a006649127e371903a2de979")";
  for (int i = 0; i <= kMaxSegmentDepth; ++i) deep += head + R"(,"subsegments":[)";
  deep += head + "}";
  for (int i = 0; i <= kMaxSegmentDepth; ++i) deep += "]}";
  const auto read = ParseDocument(deep);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("deeper"));
}

TEST(Segment, MarksItselfByStatus) {
  Segment segment;
  segment.http.emplace();
  segment.SetStatus(429);
  EXPECT_TRUE(segment.error && segment.throttle && !segment.fault);
  segment.SetStatus(500);
  EXPECT_TRUE(segment.fault && !segment.error && !segment.throttle);
  EXPECT_EQ(segment.http->status, 500);
}

}  // namespace
}  // namespace usher::tracing
