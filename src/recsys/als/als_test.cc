#include "recsys/als/als.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "base/random.h"
#include "linalg/random_matrix.h"

namespace usher::recsys {
namespace {

Interactions RandomInteractions(std::size_t users, std::size_t items, std::size_t per_user,
                                std::uint64_t seed) {
  Random random(seed);
  Interactions all{.user_count = users, .item_count = items, .by_user = {}};
  for (std::size_t u = 0; u < users; ++u) {
    std::set<std::uint32_t> list;
    while (list.size() < 1 + u % per_user) {
      // Low items are met more often.
      const double draw = random.Uniform();
      list.insert(static_cast<std::uint32_t>(draw * draw * static_cast<double>(items)));
    }
    all.by_user.Append(std::vector<std::uint32_t>(list.begin(), list.end()));
  }
  return all;
}

bool SameBits(const linalg::Matrix& a, const linalg::Matrix& b) {
  return a.rows() == b.rows() && a.stride() == b.stride() &&
         std::memcmp(a.values().data(), b.values().data(), a.values().size_bytes()) == 0;
}

// One item y = 2 in rank 1 and one user who met it; alpha0 = 0.5, lambda = 0.25, nu = 1:
//   A = 0.5 * 4 + 4 + 0.25 * (1 + 0.5 * 1) = 6.375, b = 2, x = 2 / 6.375
TEST(AlsSide, MatchesTheOneItemAnswerByHand) {
  linalg::Matrix items(1, 1);
  items.Row(0)[0] = 2.0F;
  ThreadPool pool(1);
  const AlsSide side(items.view(), 1,
                     {.rank = 1, .unobserved_weight = 0.5F, .regularization = 0.25F}, pool);
  AlsSide::Scratch scratch(side.stride());
  linalg::FloatVector x(side.stride());

  side.Solve(std::vector<std::uint32_t>{0}, {}, scratch, x.data());

  EXPECT_NEAR(x[0], 2.0 / 6.375, 1e-6);
  EXPECT_EQ(x[1], 0.0F);
}

// The gradient of the weighted loss with respect to users and items, from its definition in double.
TEST(TrainAls, WeighsThePairsOfBothSides) {
  const AlsOptions options{.rank = 6,
                           .sweeps = 40,
                           .unobserved_weight = 0.2F,
                           .regularization = 0.05F,
                           .frequency_exponent = 1.0F};
  Interactions all = RandomInteractions(20, 12, 8, 4);
  Random random(9);
  for (std::size_t j = 0; j < all.size(); ++j) {
    all.weights.push_back(random.Below(2) == 0 ? 0.25F : 4.0F);
  }
  ThreadPool pool(2);
  const auto factors = TrainAls(all, options, pool);
  ASSERT_TRUE(factors);

  const std::set<std::uint32_t> occurring(all.by_user.values.begin(), all.by_user.values.end());
  std::vector<std::vector<double>> weight(20, std::vector<double>(12, 0));
  for (std::size_t u = 0; u < 20; ++u) {
    const auto items = all.by_user[u];
    for (std::size_t j = 0; j < items.size(); ++j) weight[u][items[j]] = all.WeightsOf(u)[j];
  }
  // d loss / d v of item i: the ridge, and each user's share.
  for (const std::uint32_t i : occurring) {
    double total = 0.2 * 20;
    for (std::size_t u = 0; u < 20; ++u) total += weight[u][i];
    const float* v = factors->items.Row(i);
    for (std::size_t k = 0; k < 6; ++k) {
      double gradient = 0.05 * total * v[k];
      for (std::size_t u = 0; u < 20; ++u) {
        const float* x = factors->users.Row(u);
        double product = 0;
        for (std::size_t l = 0; l < 6; ++l) product += double{x[l]} * v[l];
        gradient += (0.2 * product + weight[u][i] * (product - 1)) * x[k];
      }
      // Users were solved once more after the items: near, not exact.
      EXPECT_NEAR(gradient, 0, 0.02) << i;
    }
  }
  for (std::size_t u = 0; u < 20; ++u) {
    double total = 0.2 * static_cast<double>(occurring.size());
    for (const double w : weight[u]) total += w;
    const float* x = factors->users.Row(u);
    for (std::size_t k = 0; k < 6; ++k) {
      double gradient = 0.05 * total * x[k];
      for (std::uint32_t i = 0; i < 12; ++i) {
        const float* v = factors->items.Row(i);
        double product = 0;
        for (std::size_t l = 0; l < 6; ++l) product += double{x[l]} * v[l];
        gradient += (0.2 * product + weight[u][i] * (product - 1)) * v[k];
      }
      EXPECT_NEAR(gradient, 0, 1e-3) << u;
    }
  }
}

// The gradient of the loss with respect to each user's factors, from its definition in double.
TEST(TrainAls, LeavesNoGradientAtTheUsers) {
  const AlsOptions options{.rank = 9,
                           .sweeps = 3,
                           .unobserved_weight = 0.2F,
                           .regularization = 0.02F,
                           .frequency_exponent = 0.7F};
  const Interactions all = RandomInteractions(60, 40, 12, 1);
  ThreadPool pool(2);
  const auto factors = TrainAls(all, options, pool);
  ASSERT_TRUE(factors);

  std::set<std::uint32_t> occurring(all.by_user.values.begin(), all.by_user.values.end());
  for (std::size_t u = 0; u < 60; ++u) {
    const auto observed = all.by_user[u];
    const std::set<std::uint32_t> met(observed.begin(), observed.end());
    const double ridge = 0.02 * std::pow(static_cast<double>(met.size()) +
                                             0.2 * static_cast<double>(occurring.size()),
                                         0.7);
    std::vector<double> gradient(9);
    const float* x = factors->users.Row(u);
    for (std::size_t k = 0; k < 9; ++k) gradient[k] = ridge * x[k];
    for (std::uint32_t i = 0; i < 40; ++i) {
      const float* y = factors->items.Row(i);
      double product = 0;
      for (std::size_t k = 0; k < 9; ++k) product += double{x[k]} * y[k];
      const double slope = 0.2 * product + (met.contains(i) ? product - 1.0 : 0.0);
      for (std::size_t k = 0; k < 9; ++k) gradient[k] += slope * y[k];
    }
    for (const double g : gradient) EXPECT_NEAR(g, 0.0, 1e-5);
  }
}

TEST(TrainAls, GivesTheSameBitsAtAnyNumberOfThreads) {
  const AlsOptions options{.rank = 20, .sweeps = 2};
  const Interactions all = RandomInteractions(500, 300, 30, 2);
  ThreadPool one(1);
  const auto expected = TrainAls(all, options, one);
  ASSERT_TRUE(expected);
  for (const std::size_t threads : {2, 7}) {
    ThreadPool pool(threads);
    const auto got = TrainAls(all, options, pool);
    ASSERT_TRUE(got);
    EXPECT_TRUE(SameBits(got->users, expected->users));
    EXPECT_TRUE(SameBits(got->items, expected->items));
  }
}

TEST(TrainAls, StartsFromTheLeadingSingularVectorsWhenAsked) {
  // Two groups who meet nothing in common: the first vectors tell them apart.
  Interactions all{.user_count = 30, .item_count = 20, .by_user = {}};
  for (std::uint32_t u = 0; u < 30; ++u) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = 0; i < 10; ++i) list.push_back(u < 18 ? i : 10 + i);
    all.by_user.Append(list);
  }
  // Hardly any weight on what was observed beyond the rest, so that the best rank 2 fit of the
  // pairs is nearly the singular vectors: one sweep from them fits as well as many from chance.
  const AlsOptions chance{
      .rank = 2, .sweeps = 30, .unobserved_weight = 1.0F, .regularization = 1e-6F};
  AlsOptions started = chance;
  started.sweeps = 1;
  started.start_iterations = 4;
  const auto error_of = [&](const AlsOptions& options, std::size_t threads) {
    ThreadPool pool(threads);
    const auto factors = TrainAls(all, options, pool);
    double error = 0;
    for (std::uint32_t u = 0; u < 30; ++u) {
      for (std::uint32_t i = 0; i < 20; ++i) {
        double product = 0;
        for (std::size_t k = 0; k < 2; ++k) {
          product += double{factors->users.Row(u)[k]} * factors->items.Row(i)[k];
        }
        const double wanted = (u < 18) == (i < 10) ? 0.5 : 0.0;  // 1 / (1 + unobserved weight)
        error += (product - wanted) * (product - wanted);
      }
    }
    return error;
  };
  EXPECT_NEAR(error_of(chance, 1), 0.0, 1e-4);
  EXPECT_NEAR(error_of(started, 1), 0.0, 1e-4);
}

TEST(TrainAls, GivesTheSameBitsFromAComputedStartAtAnyNumberOfThreads) {
  const AlsOptions options{.rank = 20, .sweeps = 1, .start_iterations = 3};
  const Interactions all = RandomInteractions(500, 300, 30, 2);
  ThreadPool one(1);
  const auto expected = TrainAls(all, options, one);
  ASSERT_TRUE(expected);
  for (const float v : expected->items.values()) ASSERT_TRUE(std::isfinite(v));
  for (const std::size_t threads : {2, 7}) {
    ThreadPool pool(threads);
    const auto got = TrainAls(all, options, pool);
    ASSERT_TRUE(got);
    EXPECT_TRUE(SameBits(got->users, expected->users));
    EXPECT_TRUE(SameBits(got->items, expected->items));
  }
}

TEST(TrainAls, StartsFromFewerVectorsThanTheRank) {
  // One item: every vector but the first is lost.
  ThreadPool pool(1);
  Interactions all{.user_count = 3, .item_count = 1, .by_user = {}};
  for (int u = 0; u < 3; ++u) all.by_user.Append(std::vector<std::uint32_t>{0});
  const auto got = TrainAls(all, {.rank = 16, .sweeps = 2, .start_iterations = 3}, pool);
  ASSERT_TRUE(got);
  for (const float v : got->users.values()) EXPECT_TRUE(std::isfinite(v));
}

TEST(TrainAls, GoesOnFromASweepAsIfItHadNeverStopped) {
  const AlsOptions options{.rank = 12, .sweeps = 5};
  const Interactions all = RandomInteractions(100, 80, 10, 3);
  ThreadPool pool(2);
  AlsHooks hooks;
  AlsHooks resumed;
  hooks.after_sweep = [&](std::size_t sweeps_done, const linalg::Matrix& items) -> Result<void> {
    if (sweeps_done == 2) resumed.start = {sweeps_done, items};
    return {};
  };
  const auto expected = TrainAls(all, options, pool, hooks);
  const auto got = TrainAls(all, options, pool, resumed);

  ASSERT_TRUE(expected);
  ASSERT_TRUE(got);
  EXPECT_TRUE(SameBits(got->users, expected->users));
  EXPECT_TRUE(SameBits(got->items, expected->items));
}

TEST(TrainAls, StopsWhenAskedTo) {
  const Interactions all = RandomInteractions(50, 50, 5, 4);
  ThreadPool pool(1);
  std::stop_source source;
  AlsHooks hooks;
  hooks.stop = source.get_token();
  hooks.after_sweep = [&](std::size_t, const linalg::Matrix&) -> Result<void> {
    source.request_stop();
    return {};
  };
  const auto got = TrainAls(all, {.rank = 4, .sweeps = 100}, pool, hooks);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kCancelled);
}

TEST(TrainAls, StaysFiniteOnTheSmallestData) {
  ThreadPool pool(1);
  for (const std::size_t users : {1, 2}) {
    for (const std::size_t items : {1, 3}) {
      Interactions all{.user_count = users, .item_count = items, .by_user = {}};
      for (std::size_t u = 0; u < users; ++u) all.by_user.Append(std::vector<std::uint32_t>{0});
      for (const float lambda : {0.0F, 0.1F}) {
        const auto got = TrainAls(all, {.rank = 64, .sweeps = 5, .regularization = lambda}, pool);
        ASSERT_TRUE(got);
        for (const float v : got->users.values()) EXPECT_TRUE(std::isfinite(v));
        for (const float v : got->items.values()) EXPECT_TRUE(std::isfinite(v));
      }
    }
  }
}

TEST(AlsSide, AWeightOfTwoIsAPairMetTwice) {
  const linalg::Matrix items = linalg::RandomMatrix(6, 5, 3);
  const AlsOptions options{.rank = 5, .unobserved_weight = 0.2F, .regularization = 0.1F};
  ThreadPool pool(1);
  const AlsSide side(items.view(), 6, options, pool);
  AlsSide::Scratch scratch(side.stride());
  linalg::FloatVector weighted(side.stride());
  linalg::FloatVector repeated(side.stride());
  side.Solve(std::vector<std::uint32_t>{4, 1}, std::vector<float>{2.0F, 1.0F}, scratch,
             weighted.data());
  side.Solve(std::vector<std::uint32_t>{4, 4, 1}, {}, scratch, repeated.data());
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(weighted[k], repeated[k], 1e-5F);
}

}  // namespace
}  // namespace usher::recsys
