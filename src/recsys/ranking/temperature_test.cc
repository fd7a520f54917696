#include "recsys/ranking/temperature.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace usher::recsys {
namespace {

// Cases over two items that score 1 and 0; in the first `of_first` of them item 0 was held out, in
// the others item 1.
float FitTwoItems(std::size_t cases, std::size_t of_first, std::size_t threads,
                  float first_score = 1.0F) {
  Lists held_out;
  for (std::size_t c = 0; c < cases; ++c) {
    held_out.Append(std::vector<std::uint32_t>{c < of_first ? 0U : 1U});
  }
  ThreadPool pool(threads);
  const auto score = [&](std::size_t, std::size_t, std::span<float> scores) {
    scores[0] = first_score;
    scores[1] = 0;
  };
  return FitTemperature(2, held_out.view(), score, pool);
}

// With a share p of the cases choosing the first item the likelihood is greatest where the softmax
// gives p, so 1 / temperature = log(p / (1 - p)).
TEST(FitTemperature, FindsTheTemperatureByHand) {
  EXPECT_NEAR(FitTwoItems(100, 90, 2), 1.0 / std::log(9.0), 1e-3);
}

TEST(FitTemperature, StaysWithinItsLimits) {
  // The model is always right: the colder the better. Always wrong: the hotter.
  EXPECT_NEAR(FitTwoItems(1, 1, 1), kSmallestTemperature, 2e-3);
  EXPECT_NEAR(FitTwoItems(1, 0, 1), kLargestTemperature, 5);
  EXPECT_EQ(FitTwoItems(0, 0, 1), kDefaultTemperature);
  // Nothing can be told from scores that are all equal.
  EXPECT_TRUE(std::isfinite(FitTwoItems(1, 1, 1, 0.0F)));
}

}  // namespace
}  // namespace usher::recsys
