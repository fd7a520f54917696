#include "recsys/content/ridge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace usher::recsys {
namespace {

Features OneHot(const std::vector<std::vector<std::uint32_t>>& rows, std::size_t count) {
  Lists lists;
  for (const auto& row : rows) lists.Append(row);
  FeatureBuilder builder(rows.size());
  builder.AddCategorical(lists.view(), count);
  return builder.Finish();
}

TEST(PlaceColdRows, GivesAColdItemTheMeanOfItsGenre) {
  // Genres 0, 0, 1, 1; then a cold item of each and one without a genre.
  const Features features = OneHot({{0}, {0}, {1}, {1}, {0}, {1}, {}}, 2);
  linalg::Matrix factors(7, 2);
  factors.Row(0)[0] = 1;
  factors.Row(1)[0] = 3;
  factors.Row(2)[1] = -2;
  factors.Row(3)[1] = -6;
  const std::vector<std::uint32_t> counts{5, 5, 5, 5, 0, 0, 0};
  ThreadPool pool(2);
  const linalg::Matrix placed =
      PlaceColdRows(factors.view(), counts, features, {.regularization = 1e-6}, pool);
  EXPECT_NEAR(placed.Row(4)[0], 2, 1e-3);
  EXPECT_NEAR(placed.Row(4)[1], 0, 1e-3);
  EXPECT_NEAR(placed.Row(5)[1], -4, 1e-3);
  EXPECT_EQ(placed.Row(6)[0], 0);
  EXPECT_EQ(placed.Row(6)[1], 0);
  EXPECT_EQ(placed.Row(1)[0], 3);  // those that were met stay
}

TEST(PlaceColdRows, TrustsWhatWasMetOften) {
  const Features features = OneHot({{0}, {0}, {0}}, 1);
  linalg::Matrix factors(3, 1);
  factors.Row(0)[0] = 1;
  factors.Row(1)[0] = 4;
  ThreadPool pool(1);
  // d = 30 / 40 and 10 / 20: (0.75 * 1 + 0.5 * 4) / 1.25.
  const std::vector<std::uint32_t> counts{30, 10, 0};
  const linalg::Matrix placed =
      PlaceColdRows(factors.view(), counts, features, {.regularization = 1e-6, .trust = 10}, pool);
  EXPECT_NEAR(placed.Row(2)[0], 2.2, 1e-3);
}

TEST(PlaceColdRows, LeavesZerosWhenThereIsNothingToLearnFrom) {
  const Features features = OneHot({{0}, {0}}, 1);
  const linalg::Matrix factors(2, 3);
  ThreadPool pool(1);
  const linalg::Matrix placed =
      PlaceColdRows(factors.view(), std::vector<std::uint32_t>{0, 0}, features, {}, pool);
  for (const float value : placed.values()) EXPECT_EQ(value, 0.0F);
}

TEST(FitRidge, SolvesTheNormalEquationsAtAnyNumberOfThreads) {
  constexpr std::size_t kRows = 200;
  constexpr std::size_t kRank = 20;
  Random random(9);
  std::vector<std::vector<std::uint32_t>> rows(kRows);
  for (auto& row : rows) {
    for (std::uint32_t value = 0; value < 30; ++value) {
      if (random.Uniform() < 0.15) row.push_back(value);
    }
  }
  const Features features = OneHot(rows, 30);
  linalg::Matrix V(kRows, kRank);
  std::vector<std::uint32_t> counts;
  for (std::size_t i = 0; i < kRows; ++i) {
    counts.push_back(static_cast<std::uint32_t>(random.Below(40)));
    for (std::size_t c = 0; c < kRank; ++c) V.Row(i)[c] = static_cast<float>(random.Normal());
  }
  const RidgeOptions options{.regularization = 0.5, .trust = 10, .tolerance = 1e-6};
  ThreadPool pool(2);
  const linalg::Matrix W = FitRidge(features, V.view(), counts, options, pool);

  // X^T D (V - X W) - lambda W = 0, in double.
  std::vector<std::vector<double>> gradient(features.count, std::vector<double>(kRank, 0.0));
  double scale = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto x = features.rows.view()[i];
    const double d = counts[i] / (counts[i] + options.trust);
    for (std::size_t c = 0; c < kRank; ++c) {
      double error = V.Row(i)[c];
      for (std::size_t j = 0; j < x.items.size(); ++j) {
        error -= double{x.weights[j]} * W.Row(x.items[j])[c];
      }
      for (std::size_t j = 0; j < x.items.size(); ++j) {
        gradient[x.items[j]][c] += d * x.weights[j] * error;
        scale = std::max(scale, std::abs(d * x.weights[j] * V.Row(i)[c]));
      }
    }
  }
  for (std::size_t f = 0; f < features.count; ++f) {
    for (std::size_t c = 0; c < kRank; ++c) {
      EXPECT_NEAR(gradient[f][c] - options.regularization * W.Row(f)[c], 0, 1e-4 * scale);
    }
  }

  for (const std::size_t threads : {1, 7}) {
    ThreadPool other(threads);
    const linalg::Matrix again = FitRidge(features, V.view(), counts, options, other);
    EXPECT_TRUE(std::ranges::equal(again.values(), W.values()));
  }
}

}  // namespace
}  // namespace usher::recsys
