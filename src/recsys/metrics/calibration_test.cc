#include "recsys/metrics/calibration.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace usher::recsys {
namespace {

// Two shown items in bins of their own: |0.5 - 1| and |0.25 - 0|, mean 0.375.
TEST(ExpectedCalibrationError, IsTheMeanDistanceOfTheBins) {
  Lists held_out;
  held_out.Append(std::vector<std::uint32_t>{7});
  const std::vector<std::vector<ScoredItem>> lists{{{7, 0.5F}, {3, 0.25F}}};
  EXPECT_DOUBLE_EQ(ExpectedCalibrationError(lists, held_out.view()), 0.375);
}

TEST(ExpectedCalibrationError, SharesTheOutcomeAmongSeveralHeldOutItems) {
  Lists held_out;
  held_out.Append(std::vector<std::uint32_t>{7, 9});
  const std::vector<std::vector<ScoredItem>> lists{{{7, 0.5F}}};
  EXPECT_DOUBLE_EQ(ExpectedCalibrationError(lists, held_out.view()), 0.0);
}

TEST(ExpectedCalibrationError, IsSmallForProbabilitiesThatComeTrueAndLargeForOthers) {
  Random random(6);
  Lists held_out;
  std::vector<std::vector<ScoredItem>> right, wrong;
  for (int j = 0; j < 20000; ++j) {
    const auto p = static_cast<float>(random.Uniform());
    const std::uint32_t next = random.Uniform() < p ? 0 : 1;
    held_out.Append(std::vector<std::uint32_t>{next});
    right.push_back({{0, p}});
    wrong.push_back({{0, p * p}});
  }
  EXPECT_LT(ExpectedCalibrationError(right, held_out.view()), 0.02);
  EXPECT_GT(ExpectedCalibrationError(wrong, held_out.view()), 0.1);  // mean of p - p^2 is 1 / 6
}

TEST(ExpectedCalibrationError, IsZeroWithoutLists) {
  EXPECT_EQ(ExpectedCalibrationError({}, Lists().view()), 0.0);
}

}  // namespace
}  // namespace usher::recsys
