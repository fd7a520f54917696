#include "recsys/context/context_lift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace usher::recsys {
namespace {

// 30 events of item 0 with value 0, 10 of item 1 with value 1; 99 is no value.
TEST(FitContextLift, ComparesCountsWithThoseOfIndependence) {
  std::vector<std::uint32_t> items(30, 0), values(30, 0);
  items.insert(items.end(), 10, 1);
  values.insert(values.end(), 10, 1);
  items.push_back(1);
  values.push_back(99);
  const linalg::Matrix lift = FitContextLift(items, values, 3, 2);
  EXPECT_NEAR(lift.Row(0)[0], std::log((30.0 + 10) / (30.0 * 30 / 40 + 10)), 1e-6);
  EXPECT_NEAR(lift.Row(1)[0], std::log((0.0 + 10) / (30.0 * 10 / 40 + 10)), 1e-6);
  EXPECT_NEAR(lift.Row(1)[1], std::log((10.0 + 10) / (10.0 * 10 / 40 + 10)), 1e-6);
  EXPECT_EQ(lift.Row(0)[2], 0.0F);  // never met
}

TEST(FitContextLift, IsZeroWhereValueAndItemHaveNothingToDoWithOneAnother) {
  std::vector<std::uint32_t> items, values;
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (std::uint32_t v = 0; v < 2; ++v) {
      items.insert(items.end(), 20 * (i + 1), i);
      values.insert(values.end(), 20 * (i + 1), v);
    }
  }
  const linalg::Matrix lift = FitContextLift(items, values, 3, 2);
  for (std::size_t v = 0; v < 2; ++v) {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(lift.Row(v)[i], 0.0, 1e-6);
  }
}

TEST(FitContextLift, TakesNoEvents) {
  const linalg::Matrix lift = FitContextLift({}, {}, 2, 1);
  EXPECT_EQ(lift.Row(0)[1], 0.0F);
}

}  // namespace
}  // namespace usher::recsys
