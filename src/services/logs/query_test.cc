#include "services/logs/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr std::int64_t kStart = 1'658'365'200'000;  // 2022-07-21 01:00:00

struct Line {
  std::int64_t seconds;
  std::string message;
};

const std::vector<Line> kLines = {
    {0, R"({"level":"INFO","ms":10,"user":{"name":"ann"}})"},
    {60, R"({"level":"ERROR","ms":200,"user":{"name":"bob"}})"},
    {3600, R"({"level":"INFO","ms":"30"})"},
    {3660, "plain text with time out"},
    {3720, R"({"level":"ERROR","ms":100.5,"odd name":1})"},
};

std::vector<QueryRow> RowsOf(const std::string& text,
                             std::optional<std::size_t> limit = std::nullopt) {
  auto query = Query::Parse(text);
  EXPECT_TRUE(query) << text << ": " << (query ? "" : query.error().message);
  if (!query) return {};
  for (std::size_t i = kLines.size(); i-- > 0;) {
    const std::int64_t time = kStart + (kLines[i].seconds * 1000);
    query->Add({.time = time,
                .ingested = time + 1,
                .message = kLines[i].message,
                .stream = i % 2 == 0 ? "even" : "odd",
                .log = "0:g",
                .ptr = std::to_string(i)});
  }
  return query->Finish(limit);
}

// The numbers of the lines that were found, in order.
std::vector<std::string> Found(const std::string& text) {
  std::vector<std::string> found;
  for (const QueryRow& row : RowsOf(text)) found.push_back(row.back().second);
  return found;
}

TEST(Query, GivesTheNewestFirst) {
  EXPECT_THAT(Found("fields @message"), ElementsAre("4", "3", "2", "1", "0"));
  EXPECT_THAT(Found("fields @message | limit 2"), ElementsAre("4", "3"));
  EXPECT_THAT(RowsOf("fields @message | limit 4", 3), SizeIs(3));
}

TEST(Query, FieldsAreThoseOfTheEventAndOfItsMessage) {
  const auto rows = RowsOf(R"(fields @timestamp, @logStream, level, user.name, none
                           | filter user.name = 'bob')");

  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_THAT(rows[0],
              ElementsAre(Pair("@timestamp", "2022-07-21 01:01:00.000"), Pair("@logStream", "odd"),
                          Pair("level", "ERROR"), Pair("user.name", "bob"), Pair("@ptr", "1")));
}

TEST(Query, FiltersCompareAndCombine) {
  EXPECT_THAT(Found("filter level = 'ERROR'"), ElementsAre("4", "1"));
  EXPECT_THAT(Found("filter level != 'ERROR'"), ElementsAre("2", "0"));
  EXPECT_THAT(Found("filter ms > 30"), ElementsAre("4", "1"));
  EXPECT_THAT(Found("filter ms >= 30"), ElementsAre("4", "2", "1"));
  EXPECT_THAT(Found("filter ms < 100"), ElementsAre("2", "0"));
  EXPECT_THAT(Found("filter ms <= 10"), ElementsAre("0"));
  EXPECT_THAT(Found("filter level = 'INFO' and ms = 30 or ms = 200"), ElementsAre("2", "1"));
  EXPECT_THAT(Found("filter level = 'INFO' and (ms = 30 or ms = 200)"), ElementsAre("2"));
  EXPECT_THAT(Found("filter not (level = 'INFO')"), ElementsAre("4", "3", "1"));
  EXPECT_THAT(Found("filter level in ['INFO', \"DEBUG\"]"), ElementsAre("2", "0"));
  EXPECT_THAT(Found("filter level not in ['INFO']"), ElementsAre("4", "3", "1"));
  EXPECT_THAT(Found("filter ispresent(`odd name`)"), ElementsAre("4"));
  EXPECT_THAT(Found("filter level = 'ERROR' | filter ms > 150"), ElementsAre("1"));
}

TEST(Query, LikeTakesTextsAndRegularExpressions) {
  EXPECT_THAT(Found("filter @message like 'time out'"), ElementsAre("3"));
  EXPECT_THAT(Found("filter @message like /time ?out/"), ElementsAre("3"));
  EXPECT_THAT(Found(R"(filter @message =~ /(?i)ERROR/)"), ElementsAre("4", "1"));
  EXPECT_THAT(Found("filter @message not like /level/"), ElementsAre("3"));
}

TEST(Query, SortsAsNumbersWhereTheyAreAndPutsTheMissingLast) {
  EXPECT_THAT(Found("fields ms | sort ms asc"), ElementsAre("0", "2", "4", "1", "3"));
  EXPECT_THAT(Found("fields ms | sort ms desc | limit 2"), ElementsAre("1", "4"));
  EXPECT_THAT(Found("fields ms | sort level asc, ms desc"), ElementsAre("1", "4", "2", "0", "3"));
}

TEST(Query, StatsCountAndMeasure) {
  const auto rows = RowsOf(
      "stats count(*) as lines, count(level), sum(ms), avg(ms) as mean, min(ms), max(ms), "
      "count_distinct(level)");

  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_THAT(rows[0],
              ElementsAre(Pair("lines", "5"), Pair("count(level)", "4"), Pair("sum(ms)", "340.5"),
                          Pair("mean", "85.125"), Pair("min(ms)", "10"), Pair("max(ms)", "200"),
                          Pair("count_distinct(level)", "2")));
}

TEST(Query, StatsGroupByFieldsAndTimes) {
  const auto by_level = RowsOf("stats count(*) as n by level | sort n desc, level asc | limit 2");
  ASSERT_THAT(by_level, SizeIs(2));
  EXPECT_THAT(by_level[0], ElementsAre(Pair("level", "ERROR"), Pair("n", "2")));
  EXPECT_THAT(by_level[1], ElementsAre(Pair("level", "INFO"), Pair("n", "2")));

  const auto by_hour = RowsOf("stats count(*) by bin(1h)");
  ASSERT_THAT(by_hour, SizeIs(2));
  EXPECT_THAT(by_hour[0],
              ElementsAre(Pair("bin(1h)", "2022-07-21 01:00:00.000"), Pair("count(*)", "2")));
  EXPECT_THAT(by_hour[1],
              ElementsAre(Pair("bin(1h)", "2022-07-21 02:00:00.000"), Pair("count(*)", "3")));
}

TEST(Query, StatsOfNothingCountNothing) {
  const auto rows = RowsOf("filter level = 'NONE' | stats count(*) as n, avg(ms)");

  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_THAT(rows[0], ElementsAre(Pair("n", "0")));
  EXPECT_THAT(RowsOf("filter level = 'NONE' | stats count(*) by level"), IsEmpty());
}

TEST(Query, IsFullWhenOnlyNewerEventsCouldMatter) {
  auto query = Query::Parse("fields @message | limit 1");
  EXPECT_FALSE(query->is_full());
  query->Add({.time = 1, .message = "x"});
  EXPECT_TRUE(query->is_full());
  auto sorted = Query::Parse("fields @message | sort @message asc | limit 1");
  sorted->Add({.time = 1, .message = "x"});
  EXPECT_FALSE(sorted->is_full());
}

TEST(Query, CommentsAndLineEndsMeanNothing) {
  EXPECT_THAT(Found("fields @message # what\n| filter ms > 150\n"), ElementsAre("1"));
}

TEST(Query, RefusesWhatItDoesNotUnderstandByName) {
  for (const char* bad : {"",
                          "parse @message '*' as a",
                          "fields",
                          "fields @message |",
                          "fields @message level",
                          "filter",
                          "filter level",
                          "filter level = ",
                          "filter level = INFO",
                          "filter (level = 'a'",
                          "filter level like 5",
                          "filter @message like /(/",
                          "filter level in 'a'",
                          "filter strlen(a) > 1",
                          "filter level not = 'a'",
                          "stats",
                          "stats median(ms)",
                          "stats count(*) by bin(x)",
                          "stats count(*) by datefloor(1h)",
                          "stats sum(*)",
                          "stats count(*) | filter n > 1",
                          "limit x",
                          "limit 0",
                          "sort",
                          "fields 'open",
                          "fields @message ; limit 1",
                          "stats count(*) as"}) {
    const auto parsed = Query::Parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().wire_name, "MalformedQueryException") << bad;
  }
  EXPECT_FALSE(Query::Parse("filter " + std::string(10'000, '(')));
}

}  // namespace
}  // namespace usher::logs
