// Maps of traces that were drawn by hand.
#include "services/xray/service_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "services/xray/test_traces.h"

namespace usher::xray {
namespace {

using ::testing::UnorderedElementsAre;

std::set<std::string> Edges(const ServiceMap& map, const NodeTable& nodes) {
  std::set<std::string> texts;
  const auto name = [&](NodeId id) { return nodes[id].name + ":" + nodes[id].type; };
  for (const auto& [key, edge] : map.edges()) {
    texts.insert(name(key.first) + " > " + name(key.second));
  }
  return texts;
}

const NodeOfMap& NodeOf(const ServiceMap& map, NodeTable& nodes, std::string_view name,
                        std::string_view type) {
  return map.nodes().at(nodes.Intern(name, type));
}

TEST(ServiceMap, AnApiLeadsFromStageToServiceToFunctionToWhatItCalls) {
  NodeTable nodes;
  Trace trace;
  for (const tracing::Segment& segment : ApiTrace()) trace.Add(segment, nodes);
  ServiceMap map;
  map.Add(trace);

  EXPECT_THAT(Edges(map, nodes),
              UnorderedElementsAre("Movies/dev:client > Movies/dev:AWS::ApiGateway::Stage",
                                   "Movies/dev:AWS::ApiGateway::Stage > Recommend:AWS::Lambda",
                                   "Recommend:AWS::Lambda > Recommend:AWS::Lambda::Function",
                                   "Recommend:AWS::Lambda::Function > Personalize:AWS::Personalize",
                                   "Recommend:AWS::Lambda::Function > S3:AWS::S3",
                                   "Recommend:AWS::Lambda::Function > example.com:remote"));
  const CallStatistics& stage =
      NodeOf(map, nodes, "Movies/dev", tracing::kApiGatewayStage).statistics;
  EXPECT_EQ(stage.faults, 1);
  EXPECT_EQ(stage.total(), 1);
  EXPECT_EQ(stage.total_us, 10'000);
  const CallStatistics& s3 = NodeOf(map, nodes, "S3", "AWS::S3").statistics;
  EXPECT_EQ(s3.ok, 2);
  EXPECT_EQ(s3.throttles, 1);
}

TEST(ServiceMap, ACallThatLedToASegmentIsNoNodeOfItsOwn) {
  NodeTable nodes;
  Trace trace;
  tracing::Segment function = MakeSegment(1, 0, "f", tracing::kLambdaFunction, 0, 100);
  function.subsegments.push_back(MakeCall(2, "personalize-runtime", 10, 60));
  trace.Add(function, nodes);
  trace.Add(MakeSegment(3, 2, "Personalize", "AWS::Personalize", 20, 50), nodes);
  ServiceMap map;
  map.Add(trace);

  EXPECT_EQ(map.nodes().size(), 3U);  // with the client
  const auto& edge = map.edges().at({nodes.Intern("f", tracing::kLambdaFunction),
                                     nodes.Intern("Personalize", "AWS::Personalize")});
  EXPECT_EQ(edge.statistics.total_us, 50);  // as the caller sees it
  EXPECT_EQ(NodeOf(map, nodes, "Personalize", "AWS::Personalize").statistics.total_us, 30);
}

TEST(ServiceMap, WorkOfItsOwnIsNoNode) {
  NodeTable nodes;
  Trace trace;
  tracing::Segment function = MakeSegment(1, 0, "f", tracing::kLambdaFunction, 0, 100);
  function.subsegments.push_back(MakeCall(2, "choose", 10, 60, "local"));
  trace.Add(function, nodes);
  ServiceMap map;
  map.Add(trace);
  EXPECT_EQ(map.nodes().size(), 2U);  // with the client
}

TEST(ServiceMap, AParentThatIsNotThereMakesAnEntry) {
  NodeTable nodes;
  Trace trace;
  trace.Add(MakeSegment(1, 0x77, "Personalize", "AWS::Personalize", 0, 5), nodes);
  ServiceMap map;
  map.Add(trace);
  EXPECT_THAT(Edges(map, nodes),
              UnorderedElementsAre("Personalize:client > Personalize:AWS::Personalize"));
  EXPECT_TRUE(NodeOf(map, nodes, "Personalize", "AWS::Personalize").is_root);
}

TEST(ServiceMap, SegmentsInProgressAreNotCounted) {
  NodeTable nodes;
  Trace trace;
  tracing::Segment open = MakeSegment(1, 0, "machine", tracing::kStateMachine, 0, 0);
  open.end_us = 0;
  trace.Add(open, nodes);
  ServiceMap before;
  before.Add(trace);
  EXPECT_EQ(NodeOf(before, nodes, "machine", tracing::kStateMachine).statistics.total(), 0);

  trace.Add(MakeSegment(1, 0, "machine", tracing::kStateMachine, 0, 9), nodes);
  ServiceMap after;
  after.Add(trace);
  EXPECT_EQ(trace.parts.size(), 1U);
  EXPECT_EQ(NodeOf(after, nodes, "machine", tracing::kStateMachine).statistics.total(), 1);
}

TEST(ServiceMap, CirclesOfParentsEnd) {
  NodeTable nodes;
  Trace trace;
  trace.Add(MakeSegment(1, 2, "a", "t", 0, 5), nodes);
  trace.Add(MakeSegment(2, 1, "b", "t", 0, 5), nodes);
  tracing::Segment lost = MakeSegment(3, 4, "lost", "", 0, 5);
  lost.independent = true;
  trace.Add(lost, nodes);
  tracing::Segment found = MakeSegment(4, 3, "found", "", 0, 5);
  found.independent = true;
  trace.Add(found, nodes);
  ServiceMap map;
  map.Add(trace);
  EXPECT_THAT(Edges(map, nodes), UnorderedElementsAre("a:t > b:t", "b:t > a:t"));
  EXPECT_EQ(trace.Entry(), nullptr);
}

// Adding maps is the same as mapping all traces at once.
TEST(ServiceMap, TheMapOfManyIsTheSumOfTheirMaps) {
  NodeTable nodes;
  Random random(7);
  ServiceMap all;
  ServiceMap sum;
  for (int i = 0; i < 200; ++i) {
    Trace trace;
    for (const tracing::Segment& segment : RandomTrace(random)) trace.Add(segment, nodes);
    all.Add(trace);
    ServiceMap one;
    one.Add(trace);
    sum.Add(one);
  }
  ASSERT_EQ(all.nodes().size(), sum.nodes().size());
  ASSERT_EQ(all.edges().size(), sum.edges().size());
  const auto expect_same = [](const NodeOfMap& a, const NodeOfMap& b) {
    EXPECT_EQ(a.statistics.ok, b.statistics.ok);
    EXPECT_EQ(a.statistics.faults, b.statistics.faults);
    EXPECT_EQ(a.statistics.total_us, b.statistics.total_us);
    EXPECT_EQ(a.statistics.durations.Entries(), b.statistics.durations.Entries());
    EXPECT_EQ(a.first_us, b.first_us);
    EXPECT_EQ(a.last_us, b.last_us);
  };
  for (const auto& [id, node] : all.nodes()) expect_same(node, sum.nodes().at(id));
  for (const auto& [key, edge] : all.edges()) expect_same(edge, sum.edges().at(key));
}

TEST(DurationHistogram, CountsEachDurationInAClassThatHoldsIt) {
  for (const std::int64_t us : {1LL, 2LL, 3LL, 999LL, 1'000'000LL, 3'600'000'000LL}) {
    DurationHistogram histogram;
    histogram.Add(us);
    const auto entries = histogram.Entries();
    ASSERT_EQ(entries.size(), 1U);
    const double upper = entries[0].first * 1e6;
    EXPECT_GE(upper, static_cast<double>(us)) << us;
    EXPECT_LE(upper / 1.2, static_cast<double>(us) + 1) << us;
  }
}

}  // namespace
}  // namespace usher::xray
