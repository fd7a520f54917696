#include "recsys/blend/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "linalg/random_matrix.h"

namespace usher::recsys {
namespace {

constexpr std::uint32_t kItems = 120;

// Every user walks along the items, from item i to i + 1, from a random one on.
Interactions Walks(std::size_t users, std::size_t steps) {
  Interactions all;
  all.user_count = users;
  all.item_count = kItems;
  Random random(3);
  for (std::size_t user = 0; user < users; ++user) {
    std::vector<std::uint32_t> list;
    std::uint32_t item = static_cast<std::uint32_t>(random.Below(kItems));
    for (std::size_t j = 0; j < steps; ++j) {
      list.push_back(item);
      item = (item + 1) % kItems;
      all.times.push_back(static_cast<std::uint32_t>(100 * j));
    }
    all.by_user.Append(list);
  }
  return all;
}

Interactions Noise(std::size_t users) {
  Interactions all;
  all.user_count = users;
  all.item_count = kItems;
  Random random(4);
  for (std::size_t user = 0; user < users; ++user) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t item = 0; item < kItems; ++item) {
      if (random.Below(10) == 0) list.push_back(item);
    }
    for (std::size_t j = list.size(); j > 1; --j) std::swap(list[j - 1], list[random.Below(j)]);
    all.by_user.Append(list);
  }
  return all;
}

BlendChoice Choose(const Split& split, ThreadPool& pool) {
  const AlsOptions als{.rank = 16, .sweeps = 5};
  const auto factors = *TrainAls(split.train, als, pool);
  const auto transitions = *ChooseTransitions(split, 1, pool, {});
  const WeightedLists T = CountTransitions(split.train, transitions.options.transitions, pool);
  return *ChooseBlend(split, factors.items.view(), als, T.view(), transitions.options, 1, pool, {});
}

TEST(ChooseTransitions, FindsWhatAlwaysFollows) {
  const Split split = SplitNewestOfEachUser(Walks(200, 15));
  ThreadPool pool(2);
  const TransitionChoice choice = *ChooseTransitions(split, 1, pool, {});
  EXPECT_EQ(choice.cases, 200U);
  EXPECT_GT(choice.ndcg_at_10, 0.95);
  EXPECT_GE(choice.trials.size(), 3U);
  for (const Trial& trial : choice.trials) EXPECT_LE(trial.ndcg_at_10, choice.ndcg_at_10);
}

TEST(ChooseBlend, TakesTransitionsWhereOrderDecides) {
  const Split split = SplitNewestOfEachUser(Walks(200, 15));
  ThreadPool pool(2);
  const BlendChoice choice = Choose(split, pool);
  EXPECT_GT(choice.options.sequence_weight, 0.0F);
  EXPECT_GT(choice.ndcg_at_10, 0.95);
  EXPECT_GT(choice.ndcg_at_10, choice.factors_ndcg_at_10);
}

TEST(ChooseBlend, KeepsTheFactorsAloneWhereNothingIsBetterBeyondChance) {
  const Split split = SplitNewestOfEachUser(Noise(30));
  ThreadPool pool(2);
  const AlsOptions als{.rank = 4, .sweeps = 3};
  const auto factors = *TrainAls(split.train, als, pool);
  // No transitions at all: nothing can be gained from them.
  const BlendChoice choice = *ChooseBlend(split, factors.items.view(), als, WeightedLists().view(),
                                          BlendOptions{.sequence_recency = {3, 0}}, 1, pool, {});
  EXPECT_EQ(choice.options.sequence_weight, 0.0F);
  EXPECT_EQ(choice.transitions_ndcg_at_10, 0.0);
}

TEST(ChooseBlend, ChoosesTheSameAtAnyNumberOfThreads) {
  const Split split = SplitNewestOfEachUser(Walks(60, 12));
  ThreadPool one(1);
  const BlendChoice expected = Choose(split, one);
  for (const std::size_t threads : {2, 7}) {
    ThreadPool pool(threads);
    const BlendChoice choice = Choose(split, pool);
    EXPECT_EQ(choice.options, expected.options);
    EXPECT_EQ(choice.ndcg_at_10, expected.ndcg_at_10);
  }
}

TEST(ChooseBlend, ChoosesNothingWithoutCases) {
  Interactions all;
  all.user_count = 2;
  all.item_count = 3;
  all.by_user.Append(std::vector<std::uint32_t>{0});
  all.by_user.Append({});
  const Split split = SplitNewestOfEachUser(all);
  ThreadPool pool(1);
  EXPECT_EQ(ChooseTransitions(split, 1, pool, {})->cases, 0U);
  const linalg::Matrix items = linalg::RandomMatrix(3, 4, 1);
  const auto choice =
      ChooseBlend(split, items.view(), {.rank = 4}, WeightedLists().view(), {}, 1, pool, {});
  EXPECT_EQ(choice->options.sequence_weight, 0.0F);
}

TEST(ChooseTransitions, StopsWhenTold) {
  const Split split = SplitNewestOfEachUser(Walks(20, 10));
  ThreadPool pool(1);
  std::stop_source source;
  source.request_stop();
  const auto choice = ChooseTransitions(split, 1, pool, source.get_token());
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace usher::recsys
