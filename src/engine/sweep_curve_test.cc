#include "engine/sweep_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace usher::engine {
namespace {

// Two tastes: even users take even items, odd ones odd items.
recsys::Interactions TwoTastes(std::size_t users, std::size_t items) {
  recsys::Interactions all{.user_count = users, .item_count = items, .by_user = {}};
  for (std::size_t user = 0; user < users; ++user) {
    std::vector<std::uint32_t> history;
    for (std::size_t k = 0; k < items / 4; ++k) {
      history.push_back(static_cast<std::uint32_t>((user % 2 + 2 * (user + k)) % items));
    }
    all.by_user.Append(history);
  }
  return all;
}

// One user, who has item 0 and of whom item 2 is held out. With one factor, and the history's item
// positive, the user's factor is positive: items rank by their factors, item 0 being left out.
recsys::Split OneUser() {
  recsys::Split split;
  split.train = {.user_count = 1, .item_count = 4, .by_user = {}};
  split.train.by_user.Append(std::vector<std::uint32_t>{0, 1, 2, 3});
  split.users = {0};
  split.input.Append(std::vector<std::uint32_t>{0});
  split.held_out.Append(std::vector<std::uint32_t>{2});
  return split;
}

linalg::Matrix Factors(const std::vector<float>& values) {
  linalg::Matrix items(values.size(), 1);
  for (std::size_t k = 0; k < values.size(); ++k) items.Row(k)[0] = values[k];
  return items;
}

TEST(SweepCurve, ScoresEachSweepByThePlaceOfWhatIsHeldOut) {
  const recsys::Split split = OneUser();
  ThreadPool pool(1);
  SweepCurve curve(split, {.rank = 1}, {}, pool);

  curve.Add(1, Factors({9, 3, 2, 1}));  // second of three
  curve.Add(2, Factors({1, 2, 3, 1}));  // first
  curve.Add(3, Factors({1, 3, 2, 3}));  // third

  ASSERT_EQ(curve.scores().size(), 3U);
  EXPECT_EQ(curve.scores()[0].sweep, 1U);
  EXPECT_NEAR(curve.scores()[0].ndcg_at_10, 1 / std::log2(3), 1e-12);
  EXPECT_NEAR(curve.scores()[1].ndcg_at_10, 1, 1e-12);
  EXPECT_NEAR(curve.scores()[2].ndcg_at_10, 1 / std::log2(4), 1e-12);
  EXPECT_EQ(curve.scores()[2].sweep, 3U);
  EXPECT_EQ(curve.users(), 1U);
}

TEST(SweepCurve, IsTheSameAtAnyNumberOfThreads) {
  const recsys::Split split = recsys::SplitUsers(TwoTastes(4000, 40), 1);
  ASSERT_GT(split.users.size(), kCurveUsers);
  const auto scores = [&](std::size_t threads) {
    ThreadPool pool(threads);
    const recsys::AlsOptions als{.rank = 4, .sweeps = 3};
    SweepCurve curve(split, als, {}, pool);
    EXPECT_EQ(curve.users(), kCurveUsers);
    recsys::AlsHooks hooks;
    hooks.after_sweep = [&](std::size_t sweep, const linalg::Matrix& items) -> Result<void> {
      curve.Add(sweep, items);
      return {};
    };
    EXPECT_TRUE(recsys::TrainAls(split.train, als, pool, std::move(hooks)));
    return curve.scores();
  };
  const auto one = scores(1);
  EXPECT_EQ(one.size(), 3U);
  EXPECT_EQ(one, scores(3));
  // Two factors tell two tastes apart: half of the items are out of the question.
  EXPECT_GT(one.back().ndcg_at_10, 0.0);
}

TEST(SweepCurve, IsEmptyWithoutUsersHeldOut) {
  recsys::Split split;
  split.train = TwoTastes(1, 4);
  ThreadPool pool(1);
  SweepCurve curve(split, {.rank = 1}, {}, pool);
  curve.Add(1, Factors({1, 1, 1, 1}));
  EXPECT_TRUE(curve.scores().empty());
}

}  // namespace
}  // namespace usher::engine
