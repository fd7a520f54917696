#include "recsys/similar/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/random.h"
#include "recsys/interactions/histories_test_help.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

// n = 4, 2, 1, 0; c_01 = 2, c_02 = 1, c_12 = 1.
Interactions Four() { return HistoriesOf(4, {{0, 1, 2}, {0, 1}, {0}, {0}}); }

TEST(FindNeighbours, GivesTheSharesWorkedOutByHand) {
  ThreadPool pool(2);
  const WeightedLists cosine = FindNeighbours(
      Four(), {.popularity_discount = 0.5, .min_cointeractions = 1, .max_neighbours = 10}, pool);
  // Of item 0: 1 has 2 / (4 sqrt 2), 2 has 1 / (4 sqrt 1).
  EXPECT_THAT(cosine.view()[0].items, ElementsAre(1, 2));
  EXPECT_THAT(cosine.view()[0].weights, ElementsAre(FloatEq(0.353553391F), FloatEq(0.25F)));
  // Of item 1: 0 has 2 / (2 sqrt 4), 2 has 1 / (2 sqrt 1): equal, so in order of item.
  EXPECT_THAT(cosine.view()[1].items, ElementsAre(0, 2));
  EXPECT_THAT(cosine.view()[1].weights, ElementsAre(FloatEq(0.5F), FloatEq(0.5F)));
  EXPECT_TRUE(cosine.view()[3].items.empty());
}

TEST(FindNeighbours, DiscountsPopularityFromCountsToLift) {
  ThreadPool pool(1);
  const auto of = [&](double discount) {
    return FindNeighbours(
        Four(), {.popularity_discount = discount, .min_cointeractions = 1, .max_neighbours = 10},
        pool);
  };
  EXPECT_THAT(of(0).view()[2].items, ElementsAre(0, 1));  // both 1 / 1
  EXPECT_THAT(of(1).view()[2].items, ElementsAre(1, 0));  // 1 / 2 and 1 / 4
  EXPECT_THAT(of(1).view()[2].weights, ElementsAre(FloatEq(0.5F), FloatEq(0.25F)));
}

TEST(FindNeighbours, DropsRarePairsAndKeepsTheBest) {
  ThreadPool pool(1);
  const WeightedLists twice = FindNeighbours(
      Four(), {.popularity_discount = 0.5, .min_cointeractions = 2, .max_neighbours = 10}, pool);
  EXPECT_THAT(twice.view()[0].items, ElementsAre(1));
  EXPECT_TRUE(twice.view()[2].items.empty());
  const WeightedLists one = FindNeighbours(
      Four(), {.popularity_discount = 0.5, .min_cointeractions = 0, .max_neighbours = 1}, pool);
  EXPECT_THAT(one.view()[0].items, ElementsAre(1));
}

TEST(FindNeighbours, HasNoneInACatalogueOfOneItem) {
  ThreadPool pool(1);
  const WeightedLists lists =
      FindNeighbours(HistoriesOf(1, {{0}, {0}}), {.min_cointeractions = 0}, pool);
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_TRUE(lists.items.empty());
}

TEST(FindNeighbours, EqualsCountingAllPairsAtAnyNumberOfThreads) {
  Random random(3);
  std::vector<std::vector<std::uint32_t>> histories;
  for (int user = 0; user < 60; ++user) {
    std::set<std::uint32_t> items;
    for (int k = 0; k < 12; ++k) items.insert(static_cast<std::uint32_t>(random.Below(200)));
    histories.emplace_back(items.begin(), items.end());
  }
  const Interactions interactions = HistoriesOf(200, histories);
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> pairs;
  std::vector<double> n(200, 0);
  for (const auto& history : histories) {
    for (const std::uint32_t i : history) {
      n[i] += 1;
      for (const std::uint32_t j : history) pairs[{i, j}] += 1;
    }
  }
  for (const std::size_t threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    const WeightedLists lists = FindNeighbours(
        interactions, {.popularity_discount = 0.5, .min_cointeractions = 1, .max_neighbours = 1000},
        pool);
    std::size_t expected = 0;
    for (const auto& [pair, count] : pairs) expected += pair.first != pair.second ? 1 : 0;
    EXPECT_EQ(lists.items.size(), expected);
    for (std::uint32_t i = 0; i < 200; ++i) {
      const auto row = lists.view()[i];
      for (std::size_t k = 0; k < row.items.size(); ++k) {
        const std::uint32_t j = row.items[k];
        EXPECT_NEAR(row.weights[k], pairs.at({i, j}) / (n[i] * std::sqrt(n[j])), 1e-6);
        if (k > 0) {
          EXPECT_GE(row.weights[k - 1], row.weights[k]);
        }
      }
    }
  }
}

TEST(FindNeighbours, CountsTheNewestOfAnEndlessHistory) {
  std::vector<std::uint32_t> history(kMaxCountedHistory + 1);
  for (std::uint32_t k = 0; k < history.size(); ++k) history[k] = k;
  ThreadPool pool(2);
  const WeightedLists lists = FindNeighbours(HistoriesOf(history.size(), {history}),
                                             {.min_cointeractions = 1, .max_neighbours = 3}, pool);
  EXPECT_TRUE(lists.view()[0].items.empty());  // the oldest does not count
  EXPECT_EQ(lists.view()[1].items.size(), 3U);
}

}  // namespace
}  // namespace usher::recsys
