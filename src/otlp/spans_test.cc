#include "otlp/spans.h"

#include <gtest/gtest.h>

#include "json/json.h"
#include "otlp/exporter.h"

namespace usher::otlp {
namespace {

TEST(WriteSpans, ASegmentIsASpanWithOneForEachOfItsParts) {
  tracing::Segment segment;
  segment.name = "Movies/dev";
  segment.origin = tracing::kApiGatewayStage;
  segment.id = 0x1111111111111111U;
  segment.parent_id = 0x2222222222222222U;
  segment.trace_id = "1-581cf771-a006649127e371903a2de979";
  segment.start_us = 1'478'293'361'271'001;
  segment.end_us = 1'478'293'361'449'000;
  segment.http = tracing::HttpInfo{.method = "GET", .url = "http://a/b", .status = 502};
  segment.AddException("KeyError", "'user_id'", false);
  segment.annotations.Append("age", 7);
  tracing::Segment call;
  call.name = "Lambda";
  call.id = 0x3333333333333333U;
  call.name_space = "aws";
  call.start_us = call.end_us = segment.start_us;
  segment.subsegments.push_back(call);
  tracing::Segment open = segment;  // not ended
  open.end_us = 0;
  open.subsegments.clear();

  const auto body = json::Parse(WriteSpans(std::vector{segment, open}));

  ASSERT_TRUE(body);
  const ValueList& resources = *body->Find("resourceSpans")->as_list();
  ASSERT_EQ(resources.size(), 1U);
  const Value& attribute = resources[0].Find("resource")->Find("attributes")->as_list()->front();
  EXPECT_EQ(*attribute.Find("key")->as_string(), "service.name");
  EXPECT_EQ(*attribute.Find("value")->Find("stringValue")->as_string(), "Movies/dev");
  const ValueList& spans =
      *resources[0].Find("scopeSpans")->as_list()->front().Find("spans")->as_list();
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(*spans[0].Find("traceId")->as_string(), "581cf771a006649127e371903a2de979");
  EXPECT_EQ(*spans[0].Find("spanId")->as_string(), "1111111111111111");
  EXPECT_EQ(*spans[0].Find("parentSpanId")->as_string(), "2222222222222222");
  EXPECT_EQ(*spans[0].Find("kind")->as_int(), 2);
  EXPECT_EQ(*spans[0].Find("startTimeUnixNano")->as_string(), "1478293361271001000");
  EXPECT_EQ(*spans[0].Find("status")->Find("code")->as_int(), 2);
  EXPECT_EQ(*spans[0].Find("events")->as_list()->front().Find("name")->as_string(), "exception");
  EXPECT_EQ(*spans[1].Find("parentSpanId")->as_string(), "1111111111111111");
  EXPECT_EQ(*spans[1].Find("kind")->as_int(), 3);
  EXPECT_EQ(spans[1].Find("status"), nullptr);
}

TEST(TracesUrl, AddsThePathOfTraces) {
  EXPECT_EQ(*TracesUrl("http://127.0.0.1:4318"), "http://127.0.0.1:4318/v1/traces");
  EXPECT_EQ(*TracesUrl("https://collector/"), "https://collector/v1/traces");
  EXPECT_EQ(*TracesUrl("http://host/own/path"), "http://host/own/path");
  EXPECT_FALSE(TracesUrl("collector:4318"));
  EXPECT_FALSE(TracesUrl("ftp://collector"));
}

}  // namespace
}  // namespace usher::otlp
