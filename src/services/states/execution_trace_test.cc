#include "services/states/execution_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <tuple>
#include <vector>

#include "tracing/trace_context.h"

namespace usher::states {
namespace {

class ExecutionTrace : public testing::Test {
 protected:
  ExecutionTrace() {
    execution_.arn = "arn:aws:states:us-east-1:000000000000:execution:m:e";
    execution_.machine_name = "m";
    execution_.started = FromEpochMillis(1'600'000'000'000);
    recorder_.AddSink([this](std::span<const tracing::Finished> batch) {
      for (const auto& one : batch) segments_.push_back(one.segment);
    });
    recorder_.Start();
  }

  // All segments so far.
  const std::vector<tracing::Segment>& Segments() {
    recorder_.Flush();
    return segments_;
  }

  static HistoryEvent Exit(const std::string& state, std::int64_t entered_event) {
    return {.id = entered_event + 3,
            .previous = entered_event,
            .time = FromEpochMillis(1'600'000'002'000),
            .type = "TaskStateExited",
            .details_member = "",
            .details = {},
            .state = state,
            .entered = FromEpochMillis(1'600'000'001'000),
            .entered_event = entered_event};
  }

  Execution execution_;
  std::vector<tracing::Segment> segments_;
  tracing::Recorder recorder_;
};

TEST_F(ExecutionTrace, IsASegmentWithASubsegmentForEachVisit) {
  BeginTrace(&recorder_, execution_);
  EXPECT_TRUE(tracing::IsTraceId(execution_.trace_root));
  TraceEvents(&recorder_, execution_, {Exit("Poll it", 2)});
  execution_.status = Status::kSucceeded;
  HistoryEvent end{.type = "ExecutionSucceeded"};
  end.time = FromEpochMillis(1'600'000'003'000);
  TraceEvents(&recorder_, execution_, {end});

  ASSERT_EQ(Segments().size(), 3U);
  const auto& [begun, visit, root] = std::tie(segments_[0], segments_[1], segments_[2]);
  EXPECT_EQ(begun.end_us, 0);
  EXPECT_EQ(root.id, begun.id);
  EXPECT_EQ(root.name, "m");
  EXPECT_EQ(root.origin, "AWS::StepFunctions::StateMachine");
  EXPECT_EQ(root.end_us - root.start_us, 3'000'000);
  EXPECT_EQ(visit.name, "Poll it");
  EXPECT_TRUE(visit.independent);
  EXPECT_EQ(visit.parent_id, root.id);
  EXPECT_EQ(visit.trace_id, root.trace_id);
  EXPECT_EQ(visit.end_us - visit.start_us, 1'000'000);
}

TEST_F(ExecutionTrace, CallsBelongToTheVisitAndKeepTheNameOfTheIntegration) {
  BeginTrace(&recorder_, execution_);
  wire::CallContext context;
  TaskTrace trace(&recorder_, execution_, 2, context);
  {
    tracing::SubsegmentScope call(context.trace, "Glue", tracing::kAwsNamespace);
  }
  TaskOutcome outcome;
  outcome.traced_as = "AWSGlue";
  trace.End(outcome);
  TraceEvents(&recorder_, execution_, {Exit("Start it", 2)});

  ASSERT_EQ(Segments().size(), 3U);
  EXPECT_EQ(segments_[1].name, "AWSGlue");
  EXPECT_EQ(segments_[1].name_space, "aws");
  EXPECT_EQ(segments_[1].parent_id, segments_[2].id);
}

TEST_F(ExecutionTrace, GoesOnWithTheCallersTraceAndObeysIt) {
  execution_.trace_header =
      "Root=1-581cf771-a006649127e371903a2de979;Parent=70de5b6f19ff9a0a;Sampled=1";
  BeginTrace(&recorder_, execution_);
  EXPECT_EQ(execution_.trace_root, "1-581cf771-a006649127e371903a2de979");
  EXPECT_EQ(execution_.trace_parent, "70de5b6f19ff9a0a");

  Execution other = execution_;
  other.trace_root.clear();
  other.trace_header = "Root=1-581cf771-a006649127e371903a2de979;Sampled=0";
  BeginTrace(&recorder_, other);
  TraceEvents(&recorder_, other, {Exit("A", 2)});
  EXPECT_EQ(other.trace_root, "");
  EXPECT_EQ(Segments().size(), 1U);
}

TEST_F(ExecutionTrace, ShowsWhyItHasFailed) {
  BeginTrace(&recorder_, execution_);
  execution_.status = Status::kFailed;
  execution_.failure = {"E", "why"};
  HistoryEvent end = Exit("A", 2);
  end.type = "ExecutionFailed";
  TraceEvents(&recorder_, execution_, {end});
  ASSERT_EQ(Segments().size(), 3U);
  EXPECT_TRUE(segments_[1].fault);
  EXPECT_TRUE(segments_[2].fault);
  ASSERT_FALSE(segments_[2].exceptions.empty());
  EXPECT_EQ(segments_[2].exceptions[0].type, "E");
  EXPECT_EQ(segments_[2].exceptions[0].message, "why");
}

TEST_F(ExecutionTrace, IsNothingWithoutARecorder) {
  BeginTrace(nullptr, execution_);
  TraceEvents(nullptr, execution_, {Exit("A", 2)});
  EXPECT_EQ(execution_.trace_root, "");
}

}  // namespace
}  // namespace usher::states
