#include "recsys/trending/trending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace usher::recsys {
namespace {

using testing::ElementsAre;

TEST(CountIncrease, ComparesTheTwoLatestIntervals) {
  // Intervals of 10 s up to 100: (90, 100] and (80, 90]; at 80 it is too early.
  const std::vector<std::uint32_t> item{0, 0, 0, 1, 1, 2, 2};
  const std::vector<std::int64_t> time{91, 100, 90, 81, 85, 80, 5};
  EXPECT_THAT(CountIncrease(4, item, time, 10), ElementsAre(1, -2, 0, 0));
  EXPECT_THAT(CountIncrease(2, {}, {}, 10), ElementsAre(0, 0));
}

TEST(OrderByIncrease, PutsWhatDoesNotGrowInOrderOfPopularity) {
  const std::vector<std::int64_t> increase{2, -5, 0, 3, 2, 0};
  const std::vector<std::uint32_t> users{1, 9, 4, 1, 2, 4};
  EXPECT_THAT(OrderByIncrease(increase, users), ElementsAre(3, 4, 0, 1, 2, 5));
}

TEST(FixedOrderModel, GivesEverybodyTheSameListWithoutScores) {
  const std::vector<std::uint32_t> order{2, 0, 1};
  const auto model =
      MakeFixedOrderModel(Vocabulary(std::vector<std::string>{"a", "b", "c"}), order, nullptr);
  std::vector<ScoredItem> out;
  model->Recommend({.user = {}, .history = {}, .exclude = {}, .num_results = 2}, out);
  EXPECT_THAT(out, ElementsAre(ScoredItem{2, 0}, ScoredItem{0, 0}));
  const std::vector<std::uint32_t> exclude{0};
  model->Recommend({.user = {}, .history = {}, .exclude = exclude, .num_results = 9}, out);
  EXPECT_THAT(out, ElementsAre(ScoredItem{2, 0}, ScoredItem{1, 0}));
  EXPECT_FALSE(model->has_scores());
}

TEST(FixedOrderModel, RanksAListByItsOrder) {
  const std::vector<std::uint32_t> order{2, 0, 1};
  const auto model =
      MakeFixedOrderModel(Vocabulary(std::vector<std::string>{"a", "b", "c"}), order, nullptr);
  std::vector<ScoredItem> out;
  model->Rank({}, std::vector<std::uint32_t>{0, 1, 2}, out);
  EXPECT_THAT(
      out, ElementsAre(ScoredItem{2, 1.0F / 3}, ScoredItem{0, 1.0F / 3}, ScoredItem{1, 1.0F / 3}));
}

}  // namespace
}  // namespace usher::recsys
