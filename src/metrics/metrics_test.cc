#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "metrics/registry.h"

namespace usher::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Distribution, QuantilesAreNearThoseOfTheSortedValues) {
  Random random(11);
  Distribution distribution;
  std::vector<double> values;
  for (int i = 0; i < 5'000; ++i) {
    values.push_back(std::exp(random.Normal() * 3));
    distribution.Add(values.back());
  }
  std::ranges::sort(values);
  for (const double part : {0.01, 0.25, 0.5, 0.9, 0.99}) {
    const double exact = values[static_cast<std::size_t>(part * 5'000)];
    EXPECT_NEAR(distribution.Quantile(part), exact, exact * 0.05) << part;
  }
  EXPECT_EQ(distribution.Quantile(0), values.front());
  EXPECT_EQ(distribution.Quantile(1), values.back());
  EXPECT_EQ(distribution.count(), 5'000);
}

TEST(Distribution, TheSumOfPartsIsTheWhole) {
  Random random(5);
  Distribution whole;
  Distribution a;
  Distribution b;
  for (int i = 0; i < 500; ++i) {
    const auto value = static_cast<double>(random.Below(100)) - 50;
    whole.Add(value);
    (i % 3 == 0 ? a : b).Add(value);
  }
  a.Add(b);
  EXPECT_EQ(a, whole);
  EXPECT_EQ(Distribution::Restore(a.count(), a.sum(), a.least(), a.greatest(), a.classes()), whole);
}

TEST(Distribution, OrdersNegativeZeroAndPositive) {
  Distribution distribution;
  for (const double value : {-8.0, 0.0, 0.0, 5.0}) distribution.Add(value);
  EXPECT_NEAR(distribution.Quantile(0.2), -8, 0.5);
  EXPECT_EQ(distribution.Quantile(0.5), 0);
  EXPECT_EQ(distribution.CountUpTo(0), 3);
  EXPECT_EQ(distribution.CountUpTo(10), 4);
}

class RegistryTest : public testing::Test {
 protected:
  static constexpr std::int64_t kMinute = 28'333'333;
  FixedClock clock_{FromEpochMillis(kMinute * 60'000)};
  Registry registry_{clock_};
  const SeriesName name_{"AWS/Lambda", "Duration", {{"FunctionName", "f"}}};
};

TEST_F(RegistryTest, KeepsValuesByMinuteAndReadsThemInSteps) {
  for (int i = 0; i < 10; ++i) {
    registry_.Add("AWS/Lambda", "Duration", {{"FunctionName", "f"}}, i, kMilliseconds);
    clock_.Advance(std::chrono::minutes(1));
  }
  const auto minutes = registry_.Read(name_, kMinute, kMinute + 10, 1, "");
  ASSERT_EQ(minutes.size(), 10U);
  EXPECT_EQ(minutes[3].second.sum(), 3);
  double sum = 0;
  for (const auto& [begin, values] : registry_.Read(name_, kMinute, kMinute + 10, 5, "")) {
    EXPECT_EQ(begin % 5, 0);
    sum += values.sum();
  }
  EXPECT_EQ(sum, 45);
  EXPECT_TRUE(registry_.Read(name_, kMinute, kMinute + 10, 1, "Seconds").empty());
  EXPECT_EQ(registry_.Read(name_, kMinute + 2, kMinute + 4, 1, kMilliseconds).size(), 2U);
}

TEST_F(RegistryTest, WhatIsTakenAndRestoredIsTheSame) {
  for (int i = 0; i < 100; ++i) {
    registry_.Count("AWS/Lambda", "Errors", {{"FunctionName", std::to_string(i % 3)}});
    if (i % 10 == 9) clock_.Advance(std::chrono::minutes(1));
  }
  registry_.Count("AWS/Lambda", "Errors", {{"FunctionName", "0"}});
  Registry restored(clock_);
  const auto closed = registry_.TakeChanges(false);
  const auto rest = registry_.TakeChanges(true);
  EXPECT_EQ(rest.size(), 1U);
  EXPECT_TRUE(registry_.TakeChanges(true).empty());
  for (const Change& change : closed) restored.Restore(change);
  for (const Change& change : rest) restored.Restore(change);
  std::vector<SeriesName> names;
  registry_.Visit({}, [&](const SeriesName& name, const Series&) {
    names.push_back(name);
    return true;
  });
  EXPECT_EQ(names.size(), 3U);
  for (const SeriesName& name : names) {
    EXPECT_EQ(restored.Read(name, 0, kMinute + 100, 1, ""),
              registry_.Read(name, 0, kMinute + 100, 1, ""));
  }
}

TEST_F(RegistryTest, RefusesSeriesBeyondTheLimit) {
  for (std::size_t i = 0; i < kMaxSeries; ++i) {
    registry_.Count("n", "m", {{"d", std::to_string(i)}});
  }
  registry_.Count("n", "m", {{"d", "one more"}});
  EXPECT_EQ(registry_.refused(), 1U);
  Change change{.series = {"n", "other", {}}, .unit = "None", .minute = kMinute};
  change.values.Add(1);
  const auto put = registry_.Put(change);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kLimitExceeded);
}

TEST_F(RegistryTest, ForgetsWhatIsTooOld) {
  Change old{.series = {"n", "m", {}}, .unit = "None", .minute = kMinute - kKeptMinutes - 1};
  old.values.Add(1);
  ASSERT_TRUE(registry_.Put(old));
  registry_.Count("n", "own", {});
  registry_.Forget();
  std::vector<std::string> names;
  registry_.Visit({}, [&](const SeriesName& name, const Series&) {
    names.push_back(name.name);
    return true;
  });
  EXPECT_THAT(names, testing::ElementsAre("own"));
}

TEST_F(RegistryTest, WritesPrometheusText) {
  registry_.Count("AWS/Lambda", "Invocations", {{"FunctionName", "a\"b"}});
  registry_.Add("AWS/Lambda", "Duration", {{"FunctionName", "f"}}, 3, kMilliseconds);
  registry_.Add("AWS/Lambda", "Duration", {{"FunctionName", "f"}}, 70, kMilliseconds);
  Change foreign{.series = {"Shop", "Sales", {}}, .unit = "Count", .minute = kMinute};
  foreign.values.Add(1);
  ASSERT_TRUE(registry_.Put(foreign));
  std::string text;
  registry_.AppendPrometheus(text);
  EXPECT_THAT(text, HasSubstr("# TYPE usher_lambda_invocations_total counter\n"));
  EXPECT_THAT(text, HasSubstr("usher_lambda_invocations_total{function_name=\"a\\\"b\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE usher_lambda_duration_milliseconds histogram\n"));
  EXPECT_THAT(
      text, HasSubstr("usher_lambda_duration_milliseconds_bucket{function_name=\"f\",le=\"5\"} 1"));
  EXPECT_THAT(text, HasSubstr("_bucket{function_name=\"f\",le=\"+Inf\"} 2"));
  EXPECT_THAT(text, HasSubstr("usher_lambda_duration_milliseconds_sum{function_name=\"f\"} 73"));
  EXPECT_THAT(text, Not(HasSubstr("sales")));
}

}  // namespace
}  // namespace usher::metrics
