#include "services/xray/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/xray/test_traces.h"

namespace usher::xray {
namespace {

using ::testing::HasSubstr;

class FilterTest : public testing::Test {
 protected:
  FilterTest() {
    for (const tracing::Segment& segment : ApiTrace()) trace_.Add(segment, nodes_);
  }
  // Of the trace in test_traces.h.
  bool Matches(std::string_view text) {
    const auto filter = Filter::Parse(text);
    EXPECT_TRUE(filter) << text << ": " << (filter ? "" : filter.error().message);
    return filter && filter->Matches(trace_, nodes_);
  }
  static std::string Complaint(std::string_view text) {
    const auto filter = Filter::Parse(text);
    return filter ? "nothing" : filter.error().message;
  }

  NodeTable nodes_;
  Trace trace_;
};

TEST_F(FilterTest, AsksForFlags) {
  EXPECT_TRUE(Matches("fault"));
  EXPECT_TRUE(Matches("fault = true"));
  EXPECT_FALSE(Matches("fault = false"));
  EXPECT_TRUE(Matches("fault != false"));
  EXPECT_TRUE(Matches("error AND throttle"));
  EXPECT_FALSE(Matches("ok"));
  EXPECT_TRUE(Matches("!ok"));
  EXPECT_FALSE(Matches("partial"));
}

TEST_F(FilterTest, ComparesTimes) {
  EXPECT_TRUE(Matches("responsetime = 0.01"));
  EXPECT_TRUE(Matches("responsetime > 0.009 AND responsetime <= 1e-2"));
  EXPECT_FALSE(Matches("responsetime < 0.01"));
  EXPECT_TRUE(Matches("duration >= 0.01"));
  EXPECT_FALSE(Matches("duration > 5"));
}

TEST_F(FilterTest, ComparesTheRequestThatTheTraceEnteredBy) {
  EXPECT_TRUE(Matches("http.status = 500"));
  EXPECT_FALSE(Matches("http.status = 200"));
  EXPECT_TRUE(Matches("http.url CONTAINS \"user_id=5\""));
  EXPECT_TRUE(Matches("http.url BEGINSWITH 'http://localhost'"));
  EXPECT_TRUE(Matches("http.url endswith \"=5\""));
  EXPECT_TRUE(Matches("http.method = \"GET\" AND http.clientip = \"127.0.0.1\""));
  EXPECT_TRUE(Matches("http.useragent != \"wget\""));
}

TEST_F(FilterTest, FindsAnnotationsAndUsers) {
  EXPECT_TRUE(Matches("annotation.device = \"phone\""));
  EXPECT_TRUE(Matches("annotation[device] = \"phone\""));
  EXPECT_TRUE(Matches("annotation[\"device\"] CONTAINS \"hon\""));
  EXPECT_TRUE(Matches("annotation.age > 6.5"));
  EXPECT_TRUE(Matches("annotation.device"));
  EXPECT_FALSE(Matches("annotation.colour"));
  EXPECT_FALSE(Matches("annotation.age = \"7\""));
  EXPECT_TRUE(Matches("user = \"ann\""));
}

TEST_F(FilterTest, AsksOfAService) {
  EXPECT_TRUE(Matches("service(\"Movies/dev\")"));
  EXPECT_FALSE(Matches("service(\"Books/dev\")"));
  EXPECT_TRUE(Matches("service(id(name: \"Recommend\", type: \"AWS::Lambda::Function\"))"));
  EXPECT_FALSE(Matches("service(id(name: \"Recommend\", type: \"AWS::Glue\"))"));
  EXPECT_TRUE(Matches("service(\"Movies/dev\") { fault = true }"));
  EXPECT_FALSE(Matches("service(\"Recommend\") { fault = true }"));
  EXPECT_TRUE(Matches("service(\"Recommend\") { error AND !fault }"));
  EXPECT_TRUE(Matches("service(\"S3\") { throttle }"));
  EXPECT_TRUE(Matches("service(\"Recommend\") { annotation.device = \"phone\" }"));
  EXPECT_FALSE(Matches("service(\"Movies/dev\") { annotation.device = \"phone\" }"));
  EXPECT_TRUE(Matches("service(id(account.id: \"000000000000\"))"));
}

TEST_F(FilterTest, AsksOfAnEdge) {
  EXPECT_TRUE(Matches("edge(\"Recommend\", \"S3\")"));
  EXPECT_TRUE(Matches("edge(\"Recommend\", \"S3\") { throttle }"));
  EXPECT_FALSE(Matches("edge(\"Recommend\", \"Personalize\") { throttle }"));
  EXPECT_FALSE(Matches("edge(\"S3\", \"Recommend\")"));
  EXPECT_TRUE(Matches("edge(id(type: \"client\"), \"Movies/dev\") { fault }"));
}

TEST_F(FilterTest, FindsRootCauses) {
  // Nothing below the stage is a fault; the error begins in the function.
  EXPECT_TRUE(Matches("rootcause.fault.service = \"Movies/dev\""));
  EXPECT_TRUE(Matches("rootcause.error.service = \"S3\""));
  EXPECT_FALSE(Matches("rootcause.fault.service = \"S3\""));
}

TEST_F(FilterTest, BindsNotThenAndThenOr) {
  EXPECT_TRUE(Matches("ok AND ok OR fault"));
  EXPECT_FALSE(Matches("ok AND (ok OR fault)"));
  EXPECT_TRUE(Matches("!ok && fault || ok"));
  EXPECT_FALSE(Matches("NOT (fault || ok)"));
}

TEST_F(FilterTest, TellsWhatIsWrongAndWhere) {
  EXPECT_THAT(Complaint(""), HasSubstr("position 1: a keyword"));
  EXPECT_THAT(Complaint("flavour = 1"), HasSubstr("'flavour' is unknown"));
  EXPECT_THAT(Complaint("fault = 3"), HasSubstr("true or false"));
  EXPECT_THAT(Complaint("responsetime > \"a\""), HasSubstr("number"));
  EXPECT_THAT(Complaint("responsetime CONTAINS 1"), HasSubstr("number"));
  EXPECT_THAT(Complaint("http.url > \"a\""), HasSubstr("text"));
  EXPECT_THAT(Complaint("http.url"), HasSubstr("operator"));
  EXPECT_THAT(Complaint("fault fault"), HasSubstr("position 7"));
  EXPECT_THAT(Complaint("(fault"), HasSubstr("')'"));
  EXPECT_THAT(Complaint("service(\"a\") { fault"), HasSubstr("'}'"));
  EXPECT_THAT(Complaint("edge(\"a\")"), HasSubstr("','"));
  EXPECT_THAT(Complaint("service(id(colour: \"a\"))"), HasSubstr("not colour"));
  EXPECT_THAT(Complaint("http.url = \"a"), HasSubstr("does not end"));
  EXPECT_THAT(Complaint("fault ; ok"), HasSubstr("';'"));
  EXPECT_THAT(Complaint(std::string(kMaxFilterBytes + 1, ' ')), HasSubstr("longer"));
  EXPECT_THAT(Complaint(std::string(100, '(') + "fault" + std::string(100, ')')),
              HasSubstr("deeper"));
  EXPECT_THAT(Complaint(std::string(100, '!') + "fault"), HasSubstr("deeper"));
}

TEST(EntitySelector, IsOneServiceOrOneEdge) {
  const auto service = ParseEntitySelector("service(id(name: \"a\", type: \"b\"))");
  ASSERT_TRUE(service);
  EXPECT_FALSE(service->is_edge);
  EXPECT_TRUE(service->service.Fits({"a", "b"}));
  EXPECT_FALSE(service->service.Fits({"a", "c"}));
  const auto edge = ParseEntitySelector("edge(\"a\", \"b\")");
  ASSERT_TRUE(edge);
  EXPECT_TRUE(edge->is_edge);
  EXPECT_FALSE(ParseEntitySelector("fault"));
  EXPECT_FALSE(ParseEntitySelector("service(\"a\") { fault }"));
  EXPECT_FALSE(ParseEntitySelector("service(\"a\") AND service(\"b\")"));
}

}  // namespace
}  // namespace usher::xray
