#include "recsys/sequence/transitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "base/random.h"
#include "recsys/interactions/histories_test_help.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Exponents 0 leave the counts.
constexpr TransitionOptions kCounts{.distance_half_life = 1,
                                    .window = 2,
                                    .backward = 0,
                                    .time_scale = 0,
                                    .source_exponent = 0,
                                    .target_exponent = 0,
                                    .shrink = 1,
                                    .neighbours = 100};

TEST(CountTransitions, CountsWhatFollowsWithinTheWindowByDistance) {
  ThreadPool pool(2);
  const WeightedLists T =
      CountTransitions(HistoriesOf(4, {{0, 1, 2, 3}, {0, 2}, {}}), kCounts, pool);
  ASSERT_EQ(T.size(), 4U);
  EXPECT_THAT(T.view()[0].items, ElementsAre(1, 2));
  EXPECT_THAT(T.view()[0].weights, ElementsAre(1.0F, 1.5F));  // 2 at distance 2, and at distance 1
  EXPECT_THAT(T.view()[1].items, ElementsAre(2, 3));
  EXPECT_THAT(T.view()[1].weights, ElementsAre(1.0F, 0.5F));
  EXPECT_THAT(T.view()[3].items, IsEmpty());
}

TEST(CountTransitions, CountsBackwardForAShare) {
  TransitionOptions options = kCounts;
  options.backward = 0.25F;
  ThreadPool pool(1);
  const WeightedLists T = CountTransitions(HistoriesOf(2, {{0, 1}}), options, pool);
  EXPECT_THAT(T.view()[0].weights, ElementsAre(1.0F));
  EXPECT_THAT(T.view()[1].items, ElementsAre(0));
  EXPECT_THAT(T.view()[1].weights, ElementsAre(0.25F));
}

TEST(CountTransitions, DividesByPowersOfTheCounts) {
  TransitionOptions options = kCounts;
  options.source_exponent = 1;
  options.target_exponent = 0.5F;
  options.shrink = 2;
  ThreadPool pool(1);
  // n_0 = 2, n_1 = 2; c_01 = 2.
  const WeightedLists T = CountTransitions(HistoriesOf(2, {{0, 1}, {0, 1}}), options, pool);
  EXPECT_NEAR(T.view()[0].weights[0], 2.0 / (4.0 * std::sqrt(4.0)), 1e-6);
}

TEST(CountTransitions, KeepsTheLargestWeightsAndTheSmallerItemOfEqualOnes) {
  TransitionOptions options = kCounts;
  options.window = 4;
  options.neighbours = 2;
  ThreadPool pool(1);
  const WeightedLists T =
      CountTransitions(HistoriesOf(5, {{0, 3, 4}, {0, 2}, {0, 4, 1}}), options, pool);
  // Following 0: 1 weighs 0.5, 2 weighs 1, 3 weighs 1, 4 weighs 1.5.
  EXPECT_THAT(T.view()[0].items, UnorderedElementsAre(2, 4));
}

TEST(CountTransitions, WeighsGapsInTime) {
  Interactions all = HistoriesOf(3, {{0, 1, 2}});
  all.times = {100, 110, 100000};
  TransitionOptions options = kCounts;
  options.time_scale = 10;
  ThreadPool pool(1);
  const WeightedLists T = CountTransitions(all, options, pool);
  EXPECT_THAT(T.view()[0].items, ElementsAre(1));  // 2 came 10,000 time scales later
  EXPECT_NEAR(T.view()[0].weights[0], std::exp(-1.0), 0.01);
}

TEST(CountTransitions, MatchesTheDefinitionAtAnyNumberOfThreads) {
  Random random(5);
  std::vector<std::vector<std::uint32_t>> lists(80);
  for (auto& list : lists) {
    for (std::uint32_t item = 0; item < 30; ++item) {
      if (random.Below(3) == 0) list.push_back(item);
    }
    for (std::size_t j = list.size(); j > 1; --j) std::swap(list[j - 1], list[random.Below(j)]);
  }
  const TransitionOptions options{.distance_half_life = 2,
                                  .window = 5,
                                  .backward = 0.3F,
                                  .source_exponent = 0.8F,
                                  .target_exponent = 0.4F,
                                  .shrink = 3,
                                  .neighbours = 100};
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> expected;
  std::vector<double> n(30, 0.0);
  for (const auto& list : lists) {
    for (std::size_t p = 0; p < list.size(); ++p) {
      n[list[p]] += 1;
      for (std::size_t q = 0; q < list.size(); ++q) {
        const double d = std::abs(static_cast<double>(q) - static_cast<double>(p));
        if (d == 0 || d > 5) continue;
        expected[{list[p], list[q]}] += std::exp2(-(d - 1) / 2) * (q < p ? 0.3 : 1.0);
      }
    }
  }
  for (const std::size_t threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    const WeightedLists T = CountTransitions(HistoriesOf(30, lists), options, pool);
    EXPECT_EQ(T.items.size(), expected.size());
    for (std::uint32_t i = 0; i < 30; ++i) {
      const auto row = T.view()[i];
      for (std::size_t k = 0; k < row.items.size(); ++k) {
        const std::uint32_t j = row.items[k];
        const double weight =
            expected[{i, j}] / (std::pow(n[i] + 3, 0.8) * std::pow(n[j] + 3, 0.4));
        EXPECT_NEAR(row.weights[k], weight, 1e-5 * weight);
      }
    }
  }
}

TEST(CountTransitions, ThinsTheEventsOfAnItemThatHasVeryMany) {
  std::vector<std::vector<std::uint32_t>> lists(3 * kMaxEventsPerItem, {0, 1});
  ThreadPool pool(1);
  const WeightedLists T = CountTransitions(HistoriesOf(2, lists), kCounts, pool);
  EXPECT_NEAR(T.view()[0].weights[0], 3.0F * kMaxEventsPerItem, 1.0F);
}

TEST(CountTransitions, WeighsAStepByTheEventThatItLeadsTo) {
  // Users 0 and 1 do 0 then 1, and 0 then 2; what user 1 does weighs three times as much.
  Interactions all{.user_count = 2, .item_count = 3, .by_user = {}};
  all.by_user.Append(std::vector<std::uint32_t>{0, 1});
  all.by_user.Append(std::vector<std::uint32_t>{0, 2});
  all.weights = {0.5F, 0.5F, 1.5F, 1.5F};
  ThreadPool pool(1);
  const WeightedLists lists =
      CountTransitions(all, {.backward = 0, .source_exponent = 0, .target_exponent = 0}, pool);
  const auto row = lists.view()[0];
  ASSERT_EQ(row.items.size(), 2U);
  for (std::size_t j = 0; j < 2; ++j) {
    EXPECT_FLOAT_EQ(row.weights[j], row.items[j] == 1 ? 0.5F : 1.5F);
  }
}

}  // namespace
}  // namespace usher::recsys
