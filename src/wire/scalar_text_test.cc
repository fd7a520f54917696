#include "wire/scalar_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace usher::wire {
namespace {

constexpr Shape kText{.name = "T", .kind = ShapeKind::kString};
constexpr Shape kInteger{.name = "I", .kind = ShapeKind::kInteger};
constexpr Shape kLong{.name = "L", .kind = ShapeKind::kLong};
constexpr Shape kFloat{.name = "F", .kind = ShapeKind::kDouble};
constexpr Shape kFlag{.name = "B", .kind = ShapeKind::kBoolean};
constexpr Shape kTime{.name = "W", .kind = ShapeKind::kTimestamp};
constexpr Shape kBlob{.name = "X", .kind = ShapeKind::kBlob};

TEST(ParseScalar, ReadsEachKind) {
  EXPECT_EQ(*ParseScalar(kText, " a "), Value(" a "));
  EXPECT_EQ(*ParseScalar(kInteger, " -7 "), Value(-7));
  EXPECT_EQ(*ParseScalar(kLong, "4294967296"), Value(std::int64_t{4294967296}));
  EXPECT_EQ(*ParseScalar(kFloat, "0.25"), Value(0.25));
  EXPECT_TRUE(std::isnan(*ParseScalar(kFloat, "NaN")->as_double()));
  EXPECT_EQ(*ParseScalar(kFloat, "-Infinity"), Value(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(*ParseScalar(kFlag, "True"), Value(true));
  EXPECT_EQ(*ParseScalar(kBlob, "Zm9v"), Value(Blob{"foo"}));
}

TEST(ParseScalar, TakesTimesInEachOfTheThreeFormats) {
  const Value time = FromEpochMillis(1542392161000);

  EXPECT_EQ(*ParseScalar(kTime, "1542392161"), time);
  EXPECT_EQ(*ParseScalar(kTime, "2018-11-16T18:16:01Z"), time);
  EXPECT_EQ(*ParseScalar(kTime, "Fri, 16 Nov 2018 18:16:01 GMT"), time);
  EXPECT_EQ(*ParseScalar(kTime, "1542392161.5"), Value(FromEpochMillis(1542392161500)));
}

TEST(ParseScalar, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(ParseScalar(kText, "\xff"));
  EXPECT_FALSE(ParseScalar(kInteger, "4294967296"));
  EXPECT_FALSE(ParseScalar(kLong, "9223372036854775808"));
  for (const char* bad : {"", "x", "1x", "0x1", "1.0"}) EXPECT_FALSE(ParseScalar(kInteger, bad));
  for (const char* bad : {"", "x", "1e999", "inf", "nan"}) EXPECT_FALSE(ParseScalar(kFloat, bad));
  for (const char* bad : {"", "1", "yes"}) EXPECT_FALSE(ParseScalar(kFlag, bad));
  for (const char* bad : {"", "yesterday", "1e300", "NaN"}) EXPECT_FALSE(ParseScalar(kTime, bad));
  EXPECT_FALSE(ParseScalar(kBlob, "Zm9"));
}

TEST(FormatScalar, WritesEachKind) {
  const auto format = TimestampFormat::kIso8601;

  EXPECT_EQ(FormatScalar(Value("a"), format), "a");
  EXPECT_EQ(FormatScalar(Value(true), format), "true");
  EXPECT_EQ(FormatScalar(Value(-5), format), "-5");
  EXPECT_EQ(FormatScalar(Value(0.1), format), "0.1");
  EXPECT_EQ(FormatScalar(Value(std::numeric_limits<double>::infinity()), format), "Infinity");
  EXPECT_EQ(FormatScalar(Value(Blob{"foo"}), format), "Zm9v");
}

TEST(FormatTime, WritesEachFormat) {
  const Time whole = FromEpochMillis(1542392161000);
  const Time part = FromEpochMillis(1542392161837);

  EXPECT_EQ(FormatTime(whole, TimestampFormat::kIso8601), "2018-11-16T18:16:01Z");
  EXPECT_EQ(FormatTime(part, TimestampFormat::kIso8601), "2018-11-16T18:16:01.837Z");
  EXPECT_EQ(FormatTime(part, TimestampFormat::kEpochSeconds), "1542392161.837");
  EXPECT_EQ(FormatTime(part, TimestampFormat::kHttpDate), "Fri, 16 Nov 2018 18:16:01 GMT");
}

}  // namespace
}  // namespace usher::wire
