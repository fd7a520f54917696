// The store, the index, sampling and the daemon's datagrams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"
#include "services/xray/daemon.h"
#include "services/xray/operations.h"
#include "services/xray/sampling.h"
#include "services/xray/service.h"
#include "services/xray/test_traces.h"

namespace usher::xray {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TraceIdAt(std::int64_t seconds, int number) {
  std::string id = tracing::NewTraceId(FromEpochMillis(seconds * 1000));
  const std::string digits = std::to_string(number);
  id.replace(id.size() - digits.size(), digits.size(), digits);
  return id;
}

tracing::Segment SegmentAt(std::int64_t seconds, int number) {
  tracing::Segment segment = MakeSegment(static_cast<tracing::SegmentId>(number) + 1, 0, "a", "t",
                                         (seconds - kTestSeconds) * 1'000'000,
                                         (seconds - kTestSeconds) * 1'000'000 + 1'000);
  segment.trace_id = TraceIdAt(seconds, number);
  return segment;
}

void AddTo(TraceIndex& index, const tracing::Segment& segment) {
  const tracing::Segment* one = &segment;
  index.Add(std::span(&one, 1));
}

std::int64_t CountOf(const ServiceMap& map) {
  std::int64_t count = 0;
  for (const auto& [id, node] : map.nodes()) count += node.statistics.total();
  return count;
}

// Kept sums of spans, cut at any second, count what counting one by one does.
TEST(TraceIndex, MapsWindowsThatBeginAndEndAnywhere) {
  TraceIndex index;
  std::vector<std::int64_t> times;
  Random random(3);
  for (int i = 0; i < 3'000; ++i) {
    times.push_back(kTestSeconds + static_cast<std::int64_t>(random.Below(60)));
    AddTo(index, SegmentAt(times.back(), i));
  }
  for (int round = 0; round < 2; ++round) {  // the second finds sums that are kept
    for (int i = 0; i < 40; ++i) {
      const std::int64_t from = kTestSeconds - 5 + static_cast<std::int64_t>(random.Below(70));
      const std::int64_t to = from + static_cast<std::int64_t>(random.Below(70));
      EXPECT_EQ(CountOf(index.MapOf(from, to)),
                std::ranges::count_if(times, [&](auto t) { return t >= from && t <= to; }));
    }
  }
  AddTo(index, SegmentAt(kTestSeconds + 30, 9'999));
  EXPECT_EQ(CountOf(index.MapOf(kTestSeconds, kTestSeconds + 60)), 3'001);
}

TEST(TraceIndex, WalksNewestFirstInPages) {
  TraceIndex index;
  for (int i = 0; i < 25; ++i) AddTo(index, SegmentAt(kTestSeconds + i / 5, i));
  std::vector<std::int64_t> seen;
  std::optional<TraceIndex::Place> place = TraceIndex::Place{kTestSeconds + 4, 0};
  while (place) {
    int on_page = 0;
    place = index.Walk(kTestSeconds + 1, *place, 7, [&](const Trace& trace, const NodeTable&) {
      seen.push_back(trace.seconds);
      return ++on_page < 4;
    });
  }
  EXPECT_EQ(seen.size(), 15U);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater<>()));
}

TEST(TraceIndex, ForgetsTheOldestBeyondItsLimits) {
  TraceIndex index({.traces = 10, .bytes = std::size_t{1} << 30});
  for (int i = 0; i < 25; ++i) AddTo(index, SegmentAt(kTestSeconds + i, i));
  EXPECT_EQ(index.size(), 10U);
  EXPECT_EQ(CountOf(index.MapOf(kTestSeconds, kTestSeconds + 14)), 0);
  EXPECT_EQ(CountOf(index.MapOf(kTestSeconds, kTestSeconds + 24)), 10);

  TraceIndex small({.traces = 1'000, .bytes = 10'000});
  for (int i = 0; i < 100; ++i) AddTo(small, SegmentAt(kTestSeconds + i, i));
  EXPECT_LE(small.bytes(), 10'000U);
  EXPECT_GT(small.size(), 5U);
  small.Forget(kTestSeconds + 1'000);
  EXPECT_EQ(small.size(), 0U);
  EXPECT_EQ(small.bytes(), 0U);
}

TEST(TraceIndex, ATraceOfTooManyPartsSaysSo) {
  NodeTable nodes;
  Trace trace;
  for (std::size_t i = 0; i < kMaxParts + 2; ++i) {
    trace.Add(MakeSegment(i + 1, 0, "a", "t", 0, 1), nodes);
  }
  EXPECT_EQ(trace.parts.size(), kMaxParts);
  EXPECT_TRUE(trace.limit_exceeded);
}

TEST(NodeTable, PutsTooManyNamesTogether) {
  NodeTable nodes;
  NodeId last = 0;
  for (std::size_t i = 0; i < kMaxNodes + 100; ++i) last = nodes.Intern(std::to_string(i), "t");
  EXPECT_EQ(nodes[last].name, "(others)");
  EXPECT_EQ(nodes.Intern("yet another", "t"), last);
  EXPECT_EQ(nodes[nodes.Intern("5", "t")].name, "5");
}

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<TraceStore> Open() {
    auto store = TraceStore::Open(folder_.path() + "/traces", clock_);
    EXPECT_TRUE(store) << store.error().message;
    (*store)->WaitUntilRead();
    return *std::move(store);
  }
  TempFolder folder_;
  FixedClock clock_{FromEpochMillis((kTestSeconds + 60) * 1000)};
};

TEST_F(StoreTest, FindsDocumentsAgainAfterAStart) {
  std::vector<tracing::Finished> batch;
  for (const tracing::Segment& segment : ApiTrace()) batch.push_back({segment, ""});
  Open()->Keep(batch);

  const auto store = Open();
  const auto documents = store->DocumentsOf(kTestTrace);
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 3U);
  EXPECT_EQ(*tracing::ParseDocument((*documents)[1]), ApiTrace()[1]);
  EXPECT_EQ(store->index().size(), 1U);
  EXPECT_EQ(store->index().MapOf(kTestSeconds, kTestSeconds).edges().size(), 6U);
  EXPECT_TRUE(store->DocumentsOf(TraceIdAt(kTestSeconds, 1))->empty());
}

TEST_F(StoreTest, KeepsTheTextThatOthersHaveSent) {
  const std::string text =
      R"({"id":"0000000000000001","name":"a","start_time":1,"end_time":2,"sql":{"url":"x"},)"
      R"("trace_id":")" +
      kTestTrace + "\"}";
  const auto store = Open();
  const std::vector<tracing::Finished> batch{{*tracing::ParseDocument(text), text}};
  store->Keep(batch);
  EXPECT_THAT(*store->DocumentsOf(kTestTrace), ElementsAre(text));
}

TEST_F(StoreTest, ATornEndCostsNoMoreThanItsOwnSegment) {
  std::vector<tracing::Finished> batch;
  for (const tracing::Segment& segment : ApiTrace()) batch.push_back({segment, ""});
  Open()->Keep(batch);
  const std::string file = folder_.path() + "/traces/0000000000000000.log";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 10);

  EXPECT_EQ(Open()->DocumentsOf(kTestTrace)->size(), 2U);
}

TEST_F(StoreTest, ForgetsTracesThatAreTooOld) {
  const auto store = Open();
  const std::vector<tracing::Finished> old{{SegmentAt(kTestSeconds, 1), ""}};
  store->Keep(old);
  clock_.Advance(kKeptTime + std::chrono::hours(2));
  const std::vector<tracing::Finished> fresh{{SegmentAt(EpochMillis(clock_.Now()) / 1000, 2), ""}};
  store->Keep(fresh);
  EXPECT_EQ(store->index().size(), 1U);
}

TEST(FitsWildcard, TakesStarsAndQuestionMarks) {
  EXPECT_TRUE(FitsWildcard("*", ""));
  EXPECT_TRUE(FitsWildcard("/api/*", "/api/movies"));
  EXPECT_TRUE(FitsWildcard("*.example.???", "www.EXAMPLE.com"));
  EXPECT_TRUE(FitsWildcard("a*b*c", "aXXbYYbc"));
  EXPECT_FALSE(FitsWildcard("a*b", "abc"));
  EXPECT_FALSE(FitsWildcard("?", ""));
  EXPECT_FALSE(FitsWildcard("", "a"));
}

class SamplingTest : public testing::Test {
 protected:
  SamplingTest() : store_(*storage::OpenSqliteStore(folder_.path())), rules_(*store_, clock_, 5) {
    EXPECT_TRUE(rules_.Load());
  }
  static api::SamplingRule Rule(std::string name, std::int64_t priority, std::string service,
                                std::int64_t reservoir, double rate) {
    api::SamplingRule rule;
    rule.rule_name = std::move(name);
    rule.priority = priority;
    rule.service_name = std::move(service);
    rule.reservoir_size = reservoir;
    rule.fixed_rate = rate;
    rule.version = 1;
    rule.resource_arn = rule.service_type = rule.host = rule.http_method = rule.url_path = "*";
    return rule;
  }
  int TakenOf(int requests, std::string_view service) {
    int taken = 0;
    for (int i = 0; i < requests; ++i) taken += rules_.Takes({.service_name = service}) ? 1 : 0;
    return taken;
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(kTestSeconds * 1000)};
  std::unique_ptr<storage::DocumentStore> store_;
  SamplingRules rules_;
};

TEST_F(SamplingTest, TakesAllByDefault) { EXPECT_EQ(TakenOf(1'000, "S3"), 1'000); }

TEST_F(SamplingTest, AReservoirIsForEachSecond) {
  ASSERT_TRUE(rules_.Create(Rule("r", 1, "S3", 7, 0), "us-east-1"));
  EXPECT_EQ(TakenOf(100, "S3"), 7);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(TakenOf(100, "S3"), 7);
  EXPECT_EQ(TakenOf(100, "SNS"), 100);  // the default rule's
}

TEST_F(SamplingTest, BeyondTheReservoirAShareIsTaken) {
  ASSERT_TRUE(rules_.Create(Rule("r", 1, "S?", 0, 0.25), "us-east-1"));
  const int taken = TakenOf(10'000, "S3");
  // Five standard deviations of the binomial distribution: sqrt(10000 * 0.25 * 0.75) = 43.3.
  EXPECT_NEAR(taken, 2'500, 5 * 43.3);
}

TEST_F(SamplingTest, TheRuleOfLeastPriorityNumberDecides) {
  ASSERT_TRUE(rules_.Create(Rule("late", 20, "*", 0, 1), "us-east-1"));
  ASSERT_TRUE(rules_.Create(Rule("early", 10, "S3", 0, 0), "us-east-1"));
  EXPECT_EQ(TakenOf(100, "S3"), 0);
  EXPECT_EQ(TakenOf(100, "SNS"), 100);
  SamplingRules read(*store_, clock_, 5);
  ASSERT_TRUE(read.Load());
  EXPECT_EQ(read.List()[0], rules_.List()[0]);
  EXPECT_EQ(read.List()[0].sampling_rule->rule_name, "early");
  EXPECT_EQ(read.List().size(), 3U);
}

TEST_F(SamplingTest, RefusesRulesThatAreNone) {
  EXPECT_FALSE(rules_.Create(Rule("r", 0, "*", 0, 1), "us-east-1"));
  EXPECT_FALSE(rules_.Create(Rule("r", 1, "*", 0, 1.5), "us-east-1"));
  EXPECT_FALSE(rules_.Create(Rule("r", 1, "*", -1, 1), "us-east-1"));
  EXPECT_FALSE(rules_.Create(Rule("Default", 1, "*", 0, 1), "us-east-1"));
  EXPECT_FALSE(rules_.Update({.rule_name = "unknown", .fixed_rate = 0.5}));
  EXPECT_FALSE(rules_.Update({.rule_name = "Default", .priority = 5}));
  EXPECT_TRUE(rules_.Update({.rule_name = "Default", .fixed_rate = 0.0, .reservoir_size = 0}));
  EXPECT_EQ(TakenOf(100, "S3"), 0);
  for (std::size_t i = 0; i < kMaxSamplingRules; ++i) {
    ASSERT_TRUE(rules_.Create(Rule("r" + std::to_string(i), 1, "*", 0, 1), "us-east-1"));
  }
  const auto more = rules_.Create(Rule("more", 1, "*", 0, 1), "us-east-1");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kLimitExceeded);
}

TEST(Daemon, TakesADocumentBehindItsHeader) {
  tracing::Recorder recorder;
  const std::string header = "{\"format\":\"json\",\"version\":1}\n";
  EXPECT_TRUE(
      Daemon::Take(header + tracing::WriteDocument(MakeSegment(1, 0, "a", "", 0, 1)), recorder));
  EXPECT_EQ(recorder.stats().recorded, 1U);
  for (const std::string& bad :
       {std::string(), std::string("\n"), header, std::string("{\"format\":\"json\"}\n{}"),
        std::string("{\"format\":\"json\",\"version\":2}\n{}"), std::string(500, 'x') + "\n{}",
        header + "[]"}) {
    EXPECT_FALSE(Daemon::Take(bad, recorder)) << bad;
  }
  EXPECT_EQ(recorder.stats().recorded, 1U);
}

TEST(Daemon, TellsItsAddressAndRefusesOneThatIsTaken) {
  tracing::Recorder recorder;
  const auto daemon = Daemon::Listen("127.0.0.1", 0, recorder);
  ASSERT_TRUE(daemon);
  const std::string& address = (*daemon)->address();
  EXPECT_THAT(address, HasSubstr("127.0.0.1:"));
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  const auto second = Daemon::Listen("127.0.0.1", static_cast<std::uint16_t>(port), recorder);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_THAT(second.error().message, HasSubstr("--xray-daemon"));
}

}  // namespace
}  // namespace usher::xray
