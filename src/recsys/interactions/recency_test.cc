#include "recsys/interactions/recency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::IsEmpty;

TEST(RecencyWeights, HalveEveryHalfLife) {
  std::vector<float> weights;
  RecencyWeights(5, {}, {.half_life = 2}, weights);
  EXPECT_THAT(weights, ElementsAre(FloatNear(0.25F, 1e-6F), FloatNear(0.35355F, 1e-4F),
                                   FloatNear(0.5F, 1e-6F), FloatNear(0.70711F, 1e-4F), 1.0F));
}

TEST(RecencyWeights, FallWithTimeBeforeTheNewestEvent) {
  std::vector<float> weights;
  const std::vector<std::uint32_t> times{100, 190, 200};
  RecencyWeights(3, times, {.half_life = 0, .time_scale = 10}, weights);
  EXPECT_THAT(weights, ElementsAre(FloatNear(std::exp(-10.0F), 1e-9F),
                                   FloatNear(std::exp(-1.0F), 1e-6F), 1.0F));
}

TEST(RecencyWeights, AreOnesWithoutHalfLifeAndTimeScale) {
  std::vector<float> weights;
  RecencyWeights(3, {}, {.half_life = 0}, weights);
  EXPECT_THAT(weights, ElementsAre(1.0F, 1.0F, 1.0F));
  RecencyWeights(0, {}, {.half_life = 3}, weights);
  EXPECT_THAT(weights, IsEmpty());
}

TEST(RecencyWeights, StayOverZeroHoweverLongAgo) {
  std::vector<float> weights;
  const std::vector<std::uint32_t> times{0, 4000000000U};
  RecencyWeights(2, times, {.half_life = 0, .time_scale = 1}, weights);
  EXPECT_GT(weights[0], 0.0F);
}

TEST(CountRecent, EndsWhereAnEventWouldWeighLessThanTheSmallest) {
  EXPECT_EQ(CountRecent(1000, {.half_life = 0}), 1000U);
  EXPECT_EQ(CountRecent(1000, {.half_life = 1}), 7U);  // 2^-6 is over 0.01, 2^-7 is under
  EXPECT_EQ(CountRecent(3, {.half_life = 1}), 3U);
  EXPECT_EQ(CountRecent(1000, {.half_life = 1e6F}), kRecentEvents);
}

}  // namespace
}  // namespace usher::recsys
