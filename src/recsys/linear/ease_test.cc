#include "recsys/linear/ease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "recsys/interactions/histories_test_help.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Entries = std::map<std::pair<std::uint32_t, std::uint32_t>, double>;

Interactions RandomHistories(std::size_t users, std::size_t items, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<std::uint32_t>> lists(users);
  for (auto& list : lists) {
    const std::uint64_t kind = random.Below(3);  // items of a kind go together
    for (std::uint32_t item = 0; item < items; ++item) {
      if (random.Below(item % 3 == kind ? 3 : 9) == 0) list.push_back(item);
    }
  }
  return HistoriesOf(items, lists);
}

// Gauss-Jordan with pivoting, in double.
std::vector<double> SlowInverse(std::vector<double> A, std::size_t n) {
  std::vector<double> inverse(n * n, 0.0);
  for (std::size_t k = 0; k < n; ++k) inverse[k * n + k] = 1;
  for (std::size_t p = 0; p < n; ++p) {
    std::size_t best = p;
    for (std::size_t r = p; r < n; ++r) {
      if (std::abs(A[r * n + p]) > std::abs(A[best * n + p])) best = r;
    }
    for (std::size_t c = 0; c < n; ++c) {
      std::swap(A[p * n + c], A[best * n + c]);
      std::swap(inverse[p * n + c], inverse[best * n + c]);
    }
    const double pivot = A[p * n + p];
    for (std::size_t c = 0; c < n; ++c) {
      A[p * n + c] /= pivot;
      inverse[p * n + c] /= pivot;
    }
    for (std::size_t r = 0; r < n; ++r) {
      const double factor = A[r * n + p];
      if (r == p || factor == 0) continue;
      for (std::size_t c = 0; c < n; ++c) {
        A[r * n + c] -= factor * A[p * n + c];
        inverse[r * n + c] -= factor * inverse[p * n + c];
      }
    }
  }
  return inverse;
}

std::vector<double> SlowGram(const Interactions& all) {
  const std::size_t n = all.item_count;
  std::vector<double> G(n * n, 0.0);
  for (std::size_t user = 0; user < all.user_count; ++user) {
    for (const std::uint32_t i : all.by_user[user]) {
      for (const std::uint32_t j : all.by_user[user]) G[i * n + j] += 1;
    }
  }
  return G;
}

// B by its definition, all entries.
std::vector<double> SlowEase(const Interactions& all, double lambda) {
  const std::size_t n = all.item_count;
  std::vector<double> G = SlowGram(all);
  for (std::size_t k = 0; k < n; ++k) G[k * n + k] += lambda;
  const std::vector<double> P = SlowInverse(G, n);
  std::vector<double> B(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) B[i * n + j] = i == j ? 0 : -P[i * n + j] / P[j * n + j];
  }
  return B;
}

Entries EntriesOf(const WeightedLists& lists) {
  Entries entries;
  for (std::uint32_t i = 0; i < lists.size(); ++i) {
    const auto row = lists.view()[i];
    for (std::size_t k = 0; k < row.items.size(); ++k) entries[{i, row.items[k]}] = row.weights[k];
  }
  return entries;
}

void ExpectPositivePartOf(const std::vector<double>& B, std::size_t n, const WeightedLists& lists) {
  constexpr double kTolerance = 2e-5;
  const Entries entries = EntriesOf(lists);
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t j = 0; j < n; ++j) {
      const auto found = entries.find({i, j});
      const double expected = B[i * n + j];
      if (found == entries.end()) {
        EXPECT_LT(expected, kTolerance) << i << " " << j;
      } else {
        EXPECT_NE(i, j);
        EXPECT_NEAR(found->second, expected, kTolerance) << i << " " << j;
      }
    }
  }
}

using Route = Result<WeightedLists> (*)(const Interactions&, const EaseOptions&, ThreadPool&,
                                        const std::stop_token&);
constexpr Route kRoutes[] = {TrainEase, TrainEaseOverItems, TrainEaseOverUsers};

// Users {0, 1}, {0, 1} and {0, 2}; lambda = 1.
//   G + I = [4 2 1; 2 3 0; 1 0 2], of determinant 13;
//   13 P = [6 -4 -3; -4 7 2; -3 2 8].
// B_ij = -P_ij / P_jj: B_01 = 4/7, B_02 = 3/8, B_10 = 4/6, B_12 = -2/8, B_20 = 3/6, B_21 = -2/7.
TEST(TrainEase, MatchesThreeItemsByHand) {
  const Interactions all = HistoriesOf(3, {{0, 1}, {1, 0}, {0, 2}});
  ThreadPool pool(1);
  for (const Route route : kRoutes) {
    const WeightedLists B = *route(all, {.regularization = 1, .neighbours = 10}, pool, {});
    ASSERT_EQ(B.size(), 3U);
    EXPECT_THAT(B.view()[0].items, ElementsAre(1, 2));
    EXPECT_NEAR(B.view()[0].weights[0], 4.0 / 7, 1e-6);
    EXPECT_NEAR(B.view()[0].weights[1], 3.0 / 8, 1e-6);
    EXPECT_THAT(B.view()[1].items, ElementsAre(0));
    EXPECT_NEAR(B.view()[1].weights[0], 2.0 / 3, 1e-6);
    EXPECT_THAT(B.view()[2].items, ElementsAre(0));
    EXPECT_NEAR(B.view()[2].weights[0], 1.0 / 2, 1e-6);
  }
}

TEST(TrainEase, MatchesTheDefinitionByBothRoutes) {
  ThreadPool pool(2);
  for (const std::size_t users : {20, 150}) {
    const Interactions all = RandomHistories(users, 70, users);
    for (const float lambda : {5.0F, 50.0F}) {
      const std::vector<double> B = SlowEase(all, lambda);
      for (const Route route : kRoutes) {
        ExpectPositivePartOf(B, 70,
                             *route(all, {.regularization = lambda, .neighbours = 70}, pool, {}));
      }
    }
  }
}

// At the optimum under a zero diagonal, the gradient of |X - X B|^2 + lambda |B|^2 is zero off it:
// (G + lambda I) B - G = diagonal. Items go in pairs that nobody mixes, so no weight is negative
// and none of B is lost.
TEST(TrainEase, LeavesNoGradientOffTheDiagonal) {
  std::vector<std::vector<std::uint32_t>> lists;
  for (std::uint32_t item = 0; item < 12; item += 2) {
    for (std::uint32_t k = 0; k <= item; ++k) lists.push_back({item, item + 1});
    lists.push_back({item});
  }
  const Interactions all = HistoriesOf(12, lists);
  constexpr double kLambda = 4;
  const std::vector<double> G = SlowGram(all);
  ThreadPool pool(1);
  for (const Route route : kRoutes) {
    const Entries B =
        EntriesOf(*route(all, {.regularization = kLambda, .neighbours = 12}, pool, {}));
    EXPECT_EQ(B.size(), 12U);
    for (std::uint32_t i = 0; i < 12; ++i) {
      for (std::uint32_t j = 0; j < 12; ++j) {
        if (i == j) continue;
        double gradient = -G[i * 12 + j];
        for (std::uint32_t k = 0; k < 12; ++k) {
          const auto found = B.find({k, j});
          const double weight = found == B.end() ? 0.0 : found->second;
          gradient += (G[i * 12 + k] + (i == k ? kLambda : 0)) * weight;
        }
        EXPECT_NEAR(gradient, 0.0, 1e-4) << i << " " << j;
      }
    }
  }
}

TEST(TrainEase, KeepsTheLargestWeightsOfEachRow) {
  const Interactions all = RandomHistories(60, 40, 3);
  ThreadPool pool(2);
  const std::vector<double> B = SlowEase(all, 5);
  for (const Route route : kRoutes) {
    const WeightedLists kept = *route(all, {.regularization = 5, .neighbours = 4}, pool, {});
    for (std::uint32_t i = 0; i < 40; ++i) {
      const auto row = kept.view()[i];
      ASSERT_LE(row.items.size(), 4U);
      double smallest = 1e9;
      for (const float weight : row.weights) smallest = std::min(smallest, double{weight});
      std::size_t larger = 0;
      for (std::size_t j = 0; j < 40; ++j) larger += B[i * 40 + j] > smallest + 1e-5 ? 1 : 0;
      EXPECT_LT(larger, 4U);
    }
  }
}

TEST(TrainEase, GivesTheSameBitsAtAnyNumberOfThreads) {
  const Interactions all = RandomHistories(150, 170, 9);
  for (const Route route : kRoutes) {
    ThreadPool one(1);
    const WeightedLists expected = *route(all, {.regularization = 10}, one, {});
    EXPECT_GT(expected.items.size(), 1000U);
    for (const std::size_t threads : {2, 7}) {
      ThreadPool pool(threads);
      const WeightedLists B = *route(all, {.regularization = 10}, pool, {});
      EXPECT_EQ(B.offsets, expected.offsets);
      EXPECT_EQ(B.items, expected.items);
      EXPECT_EQ(B.weights, expected.weights);
    }
  }
}

TEST(TrainEase, LeavesItemsThatNobodyMetOut) {
  const Interactions all = HistoriesOf(5, {{1, 3}, {}, {3, 1}});
  ThreadPool pool(1);
  for (const Route route : kRoutes) {
    const WeightedLists B = *route(all, {.regularization = 1}, pool, {});
    ASSERT_EQ(B.size(), 5U);
    for (const std::uint32_t item : {0, 2, 4}) EXPECT_THAT(B.view()[item].items, IsEmpty());
    EXPECT_THAT(B.view()[1].items, ElementsAre(3));
    EXPECT_THAT(B.view()[3].items, ElementsAre(1));
  }
}

TEST(TrainEase, TakesOneItemOneUserAndNothing) {
  ThreadPool pool(1);
  for (const Route route : kRoutes) {
    EXPECT_THAT(route(HistoriesOf(1, {{0}, {0}}), {}, pool, {})->items, IsEmpty());
    EXPECT_EQ(route(HistoriesOf(0, {}), {}, pool, {})->size(), 0U);
    EXPECT_THAT(route(HistoriesOf(2, {{}}), {}, pool, {})->items, IsEmpty());
    // One user with both items: G + I = [2 1; 1 2], so B_01 = B_10 = 1/2.
    const WeightedLists B = *route(HistoriesOf(2, {{0, 1}}), {.regularization = 1}, pool, {});
    EXPECT_NEAR(B.view()[0].weights[0], 0.5, 1e-6);
    EXPECT_NEAR(B.view()[1].weights[0], 0.5, 1e-6);
  }
}

TEST(TrainEase, RefusesWhatItCannotInvert) {
  const std::uint32_t size = kMaxEaseOrder + 1;
  std::vector<std::vector<std::uint32_t>> lists;
  for (std::uint32_t user = 0; user < size; ++user) lists.push_back({user});
  const Interactions all = HistoriesOf(size, lists);
  ThreadPool pool(1);
  for (const Route route : kRoutes) {
    const auto B = route(all, {}, pool, {});
    ASSERT_FALSE(B);
    EXPECT_EQ(B.error().code, ErrorCode::kLimitExceeded);
  }
}

TEST(TrainEase, StopsWhenTold) {
  ThreadPool pool(1);
  std::stop_source source;
  source.request_stop();
  for (const Route route : kRoutes) {
    const auto B = route(HistoriesOf(2, {{0, 1}}), {}, pool, source.get_token());
    ASSERT_FALSE(B);
    EXPECT_EQ(B.error().code, ErrorCode::kCancelled);
  }
}

}  // namespace
}  // namespace usher::recsys
