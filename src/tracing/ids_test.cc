#include "tracing/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace usher::tracing {
namespace {

TEST(Ids, TraceIdHoldsItsTime) {
  const std::string id = NewTraceId(FromEpochMillis(1'478'293'361'271));

  EXPECT_EQ(id.substr(0, 11), "1-581cf771-");
  EXPECT_EQ(TraceSeconds(id), 1'478'293'361);
}

TEST(Ids, RefusesWhatIsNoTraceId) {
  EXPECT_FALSE(TraceSeconds(""));
  EXPECT_FALSE(TraceSeconds("1-581cf771-a006649127e371903a2de97"));
  EXPECT_FALSE(TraceSeconds("2-581cf771-a006649127e371903a2de979"));
  EXPECT_FALSE(TraceSeconds("1-581cf77g-a006649127e371903a2de979"));
  EXPECT_FALSE(TraceSeconds("1-581cf771-a006649127e371903a2de97 "));
}

TEST(Ids, SegmentIdsAreSixteenHexDigits) {
  EXPECT_EQ(FormatSegmentId(0xabcU), "0000000000000abc");
  EXPECT_EQ(ParseSegmentId("0000000000000abc"), 0xabcU);
  EXPECT_FALSE(ParseSegmentId("abc"));
  EXPECT_FALSE(ParseSegmentId("0000000000000000"));
  EXPECT_FALSE(ParseSegmentId("000000000000000x"));
}

TEST(Ids, ThreadsDoNotRepeatEachOther) {
  std::vector<std::vector<SegmentId>> drawn(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : drawn) {
      threads.emplace_back([&ids] {
        for (int i = 0; i < 1000; ++i) ids.push_back(NewSegmentId());
      });
    }
  }
  std::set<SegmentId> all;
  for (const auto& ids : drawn) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 4000U);
}

}  // namespace
}  // namespace usher::tracing
