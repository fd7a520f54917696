#include "base/clock.h"

#include <gtest/gtest.h>

namespace usher {
namespace {

constexpr std::int64_t kMillis = 1658365323456;  // 2022-07-21T01:02:03.456Z, a Thursday

TEST(Time, IsWrittenInTheThreeFormsOfTheWire) {
  const Time time = FromEpochMillis(kMillis);

  EXPECT_EQ(FormatIso8601(time), "2022-07-21T01:02:03.456Z");
  EXPECT_EQ(FormatIso8601(time, false), "2022-07-21T01:02:03Z");
  EXPECT_EQ(FormatIso8601Basic(time), "20220721T010203Z");
  EXPECT_EQ(FormatHttpDate(time), "Thu, 21 Jul 2022 01:02:03 GMT");
}

TEST(Time, IsReadBackFromWhatWasWritten) {
  const Time time = FromEpochMillis(kMillis);
  const Time second = FromEpochMillis(kMillis / 1000 * 1000);

  EXPECT_EQ(*ParseIso8601(FormatIso8601(time)), time);
  EXPECT_EQ(*ParseIso8601Basic(FormatIso8601Basic(time)), second);
  EXPECT_EQ(*ParseHttpDate(FormatHttpDate(time)), second);
}

TEST(Time, RefusesDaysThatDoNotExist) {
  EXPECT_FALSE(ParseIso8601("2022-02-30T01:02:03Z"));
  EXPECT_FALSE(ParseIso8601("2022-13-01T01:02:03Z"));
  EXPECT_FALSE(ParseIso8601("2022-07-21T24:02:03Z"));
  EXPECT_FALSE(ParseIso8601("2022-07-21T01:02:03"));
  EXPECT_FALSE(ParseIso8601Basic("20220721X010203Z"));
  EXPECT_FALSE(ParseHttpDate("Thu, 21 Jux 2022 01:02:03 GMT"));
}

}  // namespace
}  // namespace usher
