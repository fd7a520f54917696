#include "services/cloudwatch/service.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "services/cloudwatch/operations.h"

namespace usher::cloudwatch {
namespace {

metrics::Change SomeChange() {
  metrics::Change change{.series = {"Shop", "Sales", {{"Page", "1"}, {"Size", "\"big\""}}},
                         .unit = "Count",
                         .is_own = true,
                         .minute = 28'333'333};
  for (const double value : {-3.0, 0.0, 1e-300, 0.1, 1e9, 5.0}) change.values.Add(value, 2);
  return change;
}

TEST(ReadChange, GivesWhatWasWritten) {
  const metrics::Change change = SomeChange();
  const auto read = ReadChange(WriteChange(change));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->series, change.series);
  EXPECT_EQ(read->unit, change.unit);
  EXPECT_EQ(read->is_own, change.is_own);
  EXPECT_EQ(read->minute, change.minute);
  EXPECT_EQ(read->values, change.values);
}

TEST(ReadChange, RefusesWhatIsDamaged) {
  for (const char* text : {"", "{}", "[]", R"({"dimensions":{},"values":[1,2,3],"classes":[]})",
                           R"({"dimensions":{"a":1},"values":[1,2,3,4],"classes":[]})",
                           R"({"dimensions":{},"values":[1,2,3,4],"classes":[1]})"}) {
    EXPECT_FALSE(ReadChange(text)) << text;
  }
}

class ServiceTest : public testing::Test {
 protected:
  // What is known after a start.
  double SumOf(const metrics::SeriesName& name) {
    metrics::Registry registry(clock_);
    const auto service = Service::Open(folder_.path() + "/metrics", registry, clock_);
    EXPECT_TRUE(service);
    double sum = 0;
    for (const auto& [minute, values] : registry.Read(name, 0, 1'000'000'000, 1, "")) {
      sum += values.sum();
    }
    return sum;
  }
  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(28'333'333LL * 60'000)};
};

TEST_F(ServiceTest, WhatWasPutAndWhatWasCountedIsThereAfterAStart) {
  {
    metrics::Registry registry(clock_);
    const auto service = Service::Open(folder_.path() + "/metrics", registry, clock_);
    ASSERT_TRUE(service);
    metrics::Change change{.series = {"Shop", "Sales", {}}, .unit = "None", .minute = 28'333'333};
    change.values.Add(5);
    ASSERT_TRUE((*service)->Put(std::vector{change, change}));
    registry.Count("AWS/Lambda", "Errors", {{"FunctionName", "f"}}, 3);
  }
  EXPECT_EQ(SumOf({"Shop", "Sales", {}}), 10);
  EXPECT_EQ(SumOf({"AWS/Lambda", "Errors", {{"FunctionName", "f"}}}), 3);
  EXPECT_EQ(SumOf({"AWS/Lambda", "Errors", {{"FunctionName", "f"}}}), 3);  // and not twice
}

TEST_F(ServiceTest, OldValuesAreForgottenAtAStart) {
  {
    metrics::Registry registry(clock_);
    const auto service = Service::Open(folder_.path() + "/metrics", registry, clock_);
    ASSERT_TRUE(service);
    metrics::Change change{.series = {"Shop", "Sales", {}}, .unit = "None", .minute = 28'333'333};
    change.values.Add(5);
    ASSERT_TRUE((*service)->Put(std::vector{change}));
  }
  clock_.Advance(std::chrono::hours(24 * 16));
  EXPECT_EQ(SumOf({"Shop", "Sales", {}}), 0);
}

}  // namespace
}  // namespace usher::cloudwatch
