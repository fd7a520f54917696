#include "recsys/ranking/temperature.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace usher::recsys {
namespace {

// Two items with products 1 and 0 and a share p of the cases choosing the first: the likelihood is
// greatest where the softmax gives p, so 1 / temperature = log(p / (1 - p)).
TEST(FitTemperature, FindsTheTemperatureByHand) {
  linalg::Matrix items(2, 1);
  items.Row(0)[0] = 1.0F;
  std::vector<float> u(16, 0.0F);
  u[0] = 1.0F;
  const std::vector<std::uint32_t> first{0}, second{1};
  std::vector<TemperatureCase> cases;
  for (int j = 0; j < 100; ++j) cases.push_back({u, j < 90 ? first : second});
  ThreadPool pool(2);

  EXPECT_NEAR(FitTemperature(items.view(), cases, pool), 1.0 / std::log(9.0), 1e-3);
}

TEST(FitTemperature, StaysWithinItsLimits) {
  linalg::Matrix items(2, 1);
  items.Row(0)[0] = 1.0F;
  std::vector<float> u(16, 0.0F);
  u[0] = 1.0F;
  const std::vector<std::uint32_t> first{0}, second{1};
  const std::vector<TemperatureCase> certain{{u, first}}, wrong{{u, second}};
  ThreadPool pool(1);

  // The model is always right: the colder the better. Always wrong: the hotter.
  EXPECT_NEAR(FitTemperature(items.view(), certain, pool), kSmallestTemperature, 2e-3);
  EXPECT_NEAR(FitTemperature(items.view(), wrong, pool), kLargestTemperature, 5);
  EXPECT_EQ(FitTemperature(items.view(), {}, pool), kDefaultTemperature);
  // Nothing can be told from products that are all equal.
  const std::vector<float> nothing(16, 0.0F);
  const std::vector<TemperatureCase> flat{{nothing, first}};
  EXPECT_TRUE(std::isfinite(FitTemperature(items.view(), flat, pool)));
}

}  // namespace
}  // namespace usher::recsys
