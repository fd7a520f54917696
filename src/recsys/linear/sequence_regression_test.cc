#include "recsys/linear/sequence_regression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "recsys/interactions/histories_test_help.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Histories in any order, at times from 0 to some hundreds of seconds.
Interactions RandomHistories(std::size_t users, std::size_t items, std::uint64_t seed) {
  Random random(seed);
  Interactions all;
  all.user_count = users;
  all.item_count = items;
  for (std::size_t user = 0; user < users; ++user) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t item = 0; item < items; ++item) {
      if (random.Below(4) == 0) list.push_back(item);
    }
    for (std::size_t j = list.size(); j > 1; --j) std::swap(list[j - 1], list[random.Below(j)]);
    std::uint32_t time = 0;
    for (std::size_t j = 0; j < list.size(); ++j) {
      time += static_cast<std::uint32_t>(random.Below(30));
      all.times.push_back(time);
    }
    all.by_user.Append(list);
  }
  return all;
}

// The normal equations by their definition: A = S^T S + lambda I, C = S^T T, every item a source.
struct Equations {
  std::vector<double> A;
  std::vector<double> C;
};

Equations SlowEquations(const Interactions& all, const SequenceRegressionOptions& options) {
  const std::size_t n = all.item_count;
  Equations equations{std::vector<double>(n * n, 0.0), std::vector<double>(n * n, 0.0)};
  for (std::size_t user = 0; user < all.user_count; ++user) {
    const auto history = all.by_user[user];
    const auto times = all.TimesOf(user);
    for (std::size_t t = 1; t < history.size(); ++t) {
      std::vector<double> s(n, 0.0);
      for (std::size_t p = 0; p < t; ++p) {
        if (t - p > options.window) continue;
        const auto distance = static_cast<double>(t - p);
        double weight = std::exp2(-(distance - 1) / options.half_life);
        if (options.time_scale > 0 && !times.empty()) {
          weight *= std::exp(-static_cast<double>(times[t] - times[p]) / options.time_scale);
        }
        s[history[p]] += weight;
      }
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) equations.A[i * n + j] += s[i] * s[j];
        equations.C[i * n + history[t]] += s[i];
      }
    }
  }
  for (std::size_t k = 0; k < n; ++k) equations.A[k * n + k] += options.regularization;
  return equations;
}

// A B = C by conjugate gradients in double, column by column.
std::vector<double> SlowSolution(const Equations& equations, std::size_t n) {
  std::vector<double> B(n * n, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<double> x(n, 0.0), r(n), p(n), Ap(n);
    for (std::size_t i = 0; i < n; ++i) r[i] = p[i] = equations.C[i * n + j];
    double rr = 0;
    for (const double value : r) rr += value * value;
    for (int step = 0; step < 1000 && rr > 1e-24; ++step) {
      double pAp = 0;
      for (std::size_t i = 0; i < n; ++i) {
        Ap[i] = 0;
        for (std::size_t k = 0; k < n; ++k) Ap[i] += equations.A[i * n + k] * p[k];
        pAp += p[i] * Ap[i];
      }
      const double alpha = rr / pAp;
      double next = 0;
      for (std::size_t i = 0; i < n; ++i) {
        x[i] += alpha * p[i];
        r[i] -= alpha * Ap[i];
        next += r[i] * r[i];
      }
      for (std::size_t i = 0; i < n; ++i) p[i] = r[i] + next / rr * p[i];
      rr = next;
    }
    for (std::size_t i = 0; i < n; ++i) B[i * n + j] = x[i];
  }
  return B;
}

// Users who go 0, 1 and 0, 2 and 1, 2; half-life 1, lambda 1.
//   s of the targets: e_0 for 1, e_0 for 2, e_1 for 2.
//   S^T S = diag(2, 1, 0); B_01 = 1/3, B_02 = 1/3, B_12 = 1/2.
TEST(TrainSequenceRegression, MatchesPairsByHand) {
  ThreadPool pool(1);
  const WeightedLists B =
      *TrainSequenceRegression(HistoriesOf(3, {{0, 1}, {0, 2}, {1, 2}}),
                               {.half_life = 1, .window = 5, .regularization = 1}, pool);
  ASSERT_EQ(B.size(), 3U);
  EXPECT_THAT(B.view()[0].items, ElementsAre(1, 2));
  EXPECT_NEAR(B.view()[0].weights[0], 1.0 / 3, 1e-6);
  EXPECT_NEAR(B.view()[0].weights[1], 1.0 / 3, 1e-6);
  EXPECT_THAT(B.view()[1].items, ElementsAre(2));
  EXPECT_NEAR(B.view()[1].weights[0], 1.0 / 2, 1e-6);
  EXPECT_THAT(B.view()[2].items, IsEmpty());
}

// One user who goes 0, 1, 2; half-life 1, lambda 1/2.
//   s_1 = (1, 0), s_2 = (1/2, 1); S^T S + lambda I = [1.75 0.5; 0.5 1.5], of determinant 2.375;
//   S^T T: C_01 = 1, C_02 = 1/2, C_12 = 1.
//   B_01 = 1.5 / 2.375, B_11 < 0, B_02 = (1.5/2 - 0.5) / 2.375, B_12 = (1.75 - 0.25) / 2.375.
TEST(TrainSequenceRegression, MatchesOneHistoryByHand) {
  ThreadPool pool(1);
  const WeightedLists B = *TrainSequenceRegression(
      HistoriesOf(3, {{0, 1, 2}}), {.half_life = 1, .window = 5, .regularization = 0.5F}, pool);
  EXPECT_THAT(B.view()[0].items, ElementsAre(1, 2));
  EXPECT_NEAR(B.view()[0].weights[0], 1.5 / 2.375, 1e-6);
  EXPECT_NEAR(B.view()[0].weights[1], 0.25 / 2.375, 1e-6);
  EXPECT_THAT(B.view()[1].items, ElementsAre(2));
  EXPECT_NEAR(B.view()[1].weights[0], 1.5 / 2.375, 1e-6);
}

TEST(TrainSequenceRegression, MatchesTheDefinition) {
  ThreadPool pool(2);
  constexpr std::size_t kItems = 60;
  const Interactions all = RandomHistories(90, kItems, 2);
  for (const std::uint32_t window : {1U, 4U, 40U}) {
    for (const float time_scale : {0.0F, 60.0F}) {
      const SequenceRegressionOptions options{.half_life = 3,
                                              .window = window,
                                              .time_scale = time_scale,
                                              .regularization = 5,
                                              .sources = kItems,
                                              .neighbours = kItems};
      const std::vector<double> expected = SlowSolution(SlowEquations(all, options), kItems);

      const WeightedLists B = *TrainSequenceRegression(all, options, pool);

      for (std::uint32_t i = 0; i < kItems; ++i) {
        std::vector<double> row(kItems, 0.0);
        const auto kept = B.view()[i];
        for (std::size_t k = 0; k < kept.items.size(); ++k) row[kept.items[k]] = kept.weights[k];
        EXPECT_EQ(row[i], 0.0);
        for (std::size_t j = 0; j < kItems; ++j) {
          if (i == j) continue;
          EXPECT_NEAR(row[j], std::max(0.0, expected[i * kItems + j]), 1e-5)
              << window << " " << time_scale << " " << i << " " << j;
        }
      }
    }
  }
}

// Every item leads to the next one only and no weight is negative, so that none of B is lost and it
// must solve the normal equations.
TEST(TrainSequenceRegression, LeavesNoResidualInTheNormalEquations) {
  std::vector<std::vector<std::uint32_t>> lists;
  for (std::uint32_t item = 0; item < 9; ++item) {
    for (std::uint32_t k = 0; k <= item; ++k) lists.push_back({item, item + 1});
  }
  const Interactions all = HistoriesOf(10, lists);
  const SequenceRegressionOptions options{.window = 1, .regularization = 3};
  ThreadPool pool(1);
  const WeightedLists lists_of_B = *TrainSequenceRegression(all, options, pool);
  const Equations equations = SlowEquations(all, options);
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::uint32_t j = 0; j < 10; ++j) {
      double residual = -equations.C[i * 10 + j];
      for (std::size_t k = 0; k < 10; ++k) {
        const auto row = lists_of_B.view()[k];
        for (std::size_t e = 0; e < row.items.size(); ++e) {
          if (row.items[e] == j) residual += equations.A[i * 10 + k] * row.weights[e];
        }
      }
      EXPECT_NEAR(residual, 0.0, 1e-5);
    }
  }
}

TEST(TrainSequenceRegression, TakesTheMostFrequentItemsAsSources) {
  ThreadPool pool(1);
  const WeightedLists B = *TrainSequenceRegression(
      HistoriesOf(4, {{2, 1}, {2, 3}, {0, 2}, {1, 3}}),
      {.half_life = 1, .window = 3, .regularization = 1, .sources = 1}, pool);
  EXPECT_THAT(B.view()[0].items, IsEmpty());
  EXPECT_THAT(B.view()[1].items, IsEmpty());
  EXPECT_THAT(B.view()[2].items, ElementsAre(1, 3));
  EXPECT_NEAR(B.view()[2].weights[0], 1.0 / 3, 1e-6);
}

TEST(TrainSequenceRegression, GivesTheSameBitsAtAnyNumberOfThreads) {
  const Interactions all = RandomHistories(100, 150, 6);
  const SequenceRegressionOptions options{.time_scale = 100, .regularization = 5, .neighbours = 20};
  ThreadPool one(1);
  const WeightedLists expected = *TrainSequenceRegression(all, options, one);
  EXPECT_GT(expected.items.size(), 1000U);
  for (const std::size_t threads : {2, 7}) {
    ThreadPool pool(threads);
    const WeightedLists B = *TrainSequenceRegression(all, options, pool);
    EXPECT_EQ(B.offsets, expected.offsets);
    EXPECT_EQ(B.items, expected.items);
    EXPECT_EQ(B.weights, expected.weights);
  }
}

TEST(TrainSequenceRegression, TakesOneItemOneUserAndNothing) {
  ThreadPool pool(1);
  EXPECT_THAT(TrainSequenceRegression(HistoriesOf(1, {{0}, {0}}), {}, pool)->items, IsEmpty());
  EXPECT_THAT(TrainSequenceRegression(HistoriesOf(3, {{0}, {}}), {}, pool)->items, IsEmpty());
  EXPECT_EQ(TrainSequenceRegression(HistoriesOf(0, {}), {}, pool)->size(), 0U);
}

// 2 is met once; nobody meets 3.
TEST(SequenceRegressionCost, BoundsThePairs) {
  const RegressionCost cost =
      SequenceRegressionCost(HistoriesOf(4, {{0, 1}, {1, 0}, {0, 2}}), {.window = 2, .sources = 2});
  EXPECT_EQ(cost.sources, 2U);
  EXPECT_EQ(cost.pairs, 6.0);  // two sources for each of three targets
  EXPECT_EQ(cost.multiply_adds, 4.0 + 12.0);
}

TEST(TrainSequenceRegression, RefusesMorePairsThanItsLimit) {
  // 20,000 targets that each follow many of 8,000 sources.
  Interactions all;
  all.user_count = 1;
  all.item_count = 20000;
  std::vector<std::uint32_t> list(all.item_count);
  for (std::uint32_t item = 0; item < list.size(); ++item) list[item] = item;
  for (int user = 0; user < 200; ++user) all.by_user.Append(list);
  all.user_count = 200;
  const SequenceRegressionOptions options{.window = 256, .sources = 8192};
  EXPECT_GT(SequenceRegressionCost(all, options).pairs, kMaxRegressionPairs);
  ThreadPool pool(1);
  const auto B = TrainSequenceRegression(all, options, pool);
  ASSERT_FALSE(B);
  EXPECT_EQ(B.error().code, ErrorCode::kLimitExceeded);
}

TEST(TrainSequenceRegression, StopsWhenTold) {
  ThreadPool pool(1);
  std::stop_source source;
  source.request_stop();
  const auto B = TrainSequenceRegression(HistoriesOf(2, {{0, 1}}), {}, pool, source.get_token());
  ASSERT_FALSE(B);
  EXPECT_EQ(B.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace usher::recsys
