#include "tracing/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tracing/recorder.h"

namespace usher::tracing {
namespace {

constexpr std::string_view kRoot = "1-581cf771-a006649127e371903a2de979";

// A recorder whose clock goes on by a microsecond at each look.
struct Fixture {
  std::int64_t now = 1'700'000'000'000'000;
  Recorder recorder{[this] { return now++; }};
  std::vector<Segment> segments;

  Fixture() {
    recorder.AddSink([this](std::span<const Finished> batch) {
      for (const Finished& one : batch) segments.push_back(one.segment);
    });
    recorder.Start();
  }
  TraceContext Trace() {
    TraceContext trace;
    trace.recorder = &recorder;
    trace.sampled = true;
    return trace;
  }
  std::vector<Segment>& Recorded() {
    recorder.Flush();
    return segments;
  }
};

TEST(ReadTraceHeader, TakesWhatTheHeaderHolds) {
  TraceContext trace;
  const auto decision = ReadTraceHeader(
      "Root=" + std::string(kRoot) + "; Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:12", trace);

  EXPECT_EQ(decision, SamplingDecision::kSampled);
  EXPECT_EQ(trace.root, kRoot);
  EXPECT_EQ(trace.parent, "53995c3f42cd8ad8");
  EXPECT_EQ(trace.depth, 12);
}

TEST(ReadTraceHeader, PassesOverWhatIsNoId) {
  TraceContext trace;
  EXPECT_EQ(ReadTraceHeader("Root=1-2-3;Parent=x;Sampled=?;Lineage=99999999999", trace),
            SamplingDecision::kNone);
  EXPECT_EQ(trace.root, "");
  EXPECT_EQ(trace.parent, "");
  EXPECT_EQ(trace.depth, 0);
  EXPECT_EQ(ReadTraceHeader("Sampled=0", trace), SamplingDecision::kNotSampled);
}

TEST(FormatTraceHeader, IsReadBack) {
  TraceContext trace{.root = std::string(kRoot), .parent = "53995c3f42cd8ad8", .depth = 3};
  trace.sampled = true;
  TraceContext read;
  EXPECT_EQ(ReadTraceHeader(FormatTraceHeader(trace), read), SamplingDecision::kSampled);
  EXPECT_EQ(read.root, trace.root);
  EXPECT_EQ(read.parent, trace.parent);
  EXPECT_EQ(read.depth, 3);
}

TEST(TraceContext, EventsGoOnWithAClientsTraceAlone) {
  TraceContext trace{.root = std::string(kRoot), .parent = "53995c3f42cd8ad8", .depth = 3};
  trace.sampled = true;
  EXPECT_EQ(trace.ForEvents().root, kRoot);
  EXPECT_EQ(trace.ForEvents().parent, "53995c3f42cd8ad8");
  EXPECT_TRUE(trace.ForEvents().sampled);
  trace.made_here = true;
  EXPECT_EQ(trace.ForEvents().root, "");
  EXPECT_FALSE(trace.ForEvents().sampled);
  EXPECT_EQ(trace.ForEvents().depth, 3);
}

TEST(SegmentScope, RecordsASegmentWithItsSubsegments) {
  Fixture fixture;
  TraceContext trace = fixture.Trace();
  std::string seen_below;
  {
    SegmentScope stage(trace, "Movies/dev", kApiGatewayStage);
    ASSERT_TRUE(stage);
    EXPECT_EQ(trace.parent, FormatSegmentId(stage->id));
    SubsegmentScope call(trace, "Lambda", kAwsNamespace);
    seen_below = trace.parent;
  }

  ASSERT_EQ(fixture.Recorded().size(), 1U);
  const Segment& stage = fixture.segments[0];
  EXPECT_EQ(stage.trace_id, trace.root);
  EXPECT_TRUE(trace.made_here);
  EXPECT_EQ(stage.parent_id, 0U);
  EXPECT_EQ(stage.origin, kApiGatewayStage);
  ASSERT_EQ(stage.subsegments.size(), 1U);
  const Segment& call = stage.subsegments[0];
  EXPECT_EQ(FormatSegmentId(call.id), seen_below);
  EXPECT_EQ(call.name_space, "aws");
  EXPECT_LT(stage.start_us, call.start_us);
  EXPECT_LT(call.start_us, call.end_us);
  EXPECT_LT(call.end_us, stage.end_us);
  EXPECT_EQ(trace.parent, "");
  EXPECT_EQ(trace.open, nullptr);
}

TEST(SegmentScope, HangsUnderTheClientsParent) {
  Fixture fixture;
  TraceContext trace = fixture.Trace();
  ReadTraceHeader("Root=" + std::string(kRoot) + ";Parent=53995c3f42cd8ad8", trace);
  {
    SegmentScope scope(trace, "Personalize", "AWS::Personalize");
  }

  ASSERT_EQ(fixture.Recorded().size(), 1U);
  EXPECT_EQ(fixture.segments[0].trace_id, kRoot);
  EXPECT_EQ(fixture.segments[0].parent_id, 0x53995c3f42cd8ad8U);
  EXPECT_FALSE(trace.made_here);
  EXPECT_EQ(trace.parent, "53995c3f42cd8ad8");
}

TEST(SegmentScope, DoesNothingWhereNobodyRecords) {
  Fixture fixture;
  TraceContext not_sampled = fixture.Trace();
  not_sampled.sampled = false;
  TraceContext internal;
  internal.sampled = true;
  for (TraceContext* trace : {&not_sampled, &internal}) {
    const SegmentScope scope(*trace, "Personalize", "AWS::Personalize");
    EXPECT_FALSE(scope);
    const SubsegmentScope below(*trace, "S3", kAwsNamespace);
    EXPECT_FALSE(below);
    EXPECT_EQ(trace->root, "");
    EXPECT_EQ(trace->open, nullptr);
  }
  EXPECT_TRUE(fixture.Recorded().empty());
}

TEST(SegmentScope, AnExceptionThatPassesIsAFault) {
  Fixture fixture;
  TraceContext trace = fixture.Trace();
  try {
    SegmentScope scope(trace, "Personalize", "AWS::Personalize");
    throw std::runtime_error("broken");
  } catch (const std::runtime_error&) {
    SegmentScope fine(trace, "S3", "AWS::S3");  // while another one is being handled
  }
  ASSERT_EQ(fixture.Recorded().size(), 2U);
  EXPECT_TRUE(fixture.segments[0].fault);
  EXPECT_FALSE(fixture.segments[1].fault);
}

TEST(SubsegmentScope, CountsThoseBeyondTheLimit) {
  Fixture fixture;
  TraceContext trace = fixture.Trace();
  {
    SegmentScope scope(trace, "Personalize", "AWS::Personalize");
    for (std::size_t i = 0; i < kMaxSubsegments + 5; ++i) SubsegmentScope(trace, "S3", "aws");
  }
  ASSERT_EQ(fixture.Recorded().size(), 1U);
  EXPECT_EQ(fixture.segments[0].subsegments.size(), kMaxSubsegments);
  EXPECT_EQ(fixture.segments[0].subsegments_left_out, 5);
}

}  // namespace
}  // namespace usher::tracing
