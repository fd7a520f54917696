#include "recsys/popularity/popularity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recsys/popularity/popularity_model.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;

// Item 2 was met by three users, 0 and 3 by one each, 1 by none.
Lists Histories() {
  Lists lists;
  lists.Append(std::vector<std::uint32_t>{2, 3});
  lists.Append(std::vector<std::uint32_t>{2});
  lists.Append(std::vector<std::uint32_t>{0, 2});
  return lists;
}

std::vector<std::uint32_t> ItemsOf(const std::vector<ScoredItem>& list) {
  std::vector<std::uint32_t> items;
  for (const ScoredItem& item : list) items.push_back(item.item);
  return items;
}

TEST(PopularityRanking, OrdersByUniqueUsersAndThenByIndex) {
  const PopularityRanking ranking(CountUsers(Histories().view(), 4));
  EXPECT_THAT(ranking.order(), ElementsAre(2, 0, 3, 1));
  EXPECT_FLOAT_EQ(ranking.Share(2), 0.6F);
  EXPECT_FLOAT_EQ(ranking.Share(1), 0.0F);
}

TEST(PopularityRanking, SharesEquallyWhenNothingHappened) {
  const PopularityRanking ranking(std::vector<std::uint32_t>(4, 0));
  EXPECT_FLOAT_EQ(ranking.Share(3), 0.25F);
}

TEST(PopularityModel, GivesTheSameListToAllLessWhatTheySaw) {
  const Lists histories = Histories();
  const auto model =
      MakePopularityModel({.users = Vocabulary(std::vector<std::string>{"a", "b", "c"}),
                           .items = Vocabulary(std::vector<std::string>{"w", "x", "y", "z"}),
                           .histories = histories.view(),
                           .owner = nullptr});
  std::vector<ScoredItem> out;

  model->Recommend({.user = 2, .history = {}, .exclude = {}}, out);
  EXPECT_THAT(ItemsOf(out), ElementsAre(3, 1));
  model->Recommend({.user = 2, .history = {}, .exclude = {}, .exclude_seen = false}, out);
  EXPECT_THAT(ItemsOf(out), ElementsAre(2, 0, 3, 1));
  const std::vector<std::uint32_t> exclude{2, 1};
  model->Recommend({.user = {}, .history = {}, .exclude = exclude, .num_results = 1}, out);
  EXPECT_THAT(ItemsOf(out), ElementsAre(0));
  EXPECT_FALSE(model->has_scores());
}

TEST(RankByPopularity, KeepsTheOrderOfEqualItems) {
  const PopularityRanking ranking(CountUsers(Histories().view(), 4));
  std::vector<ScoredItem> out;
  RankByPopularity(ranking, std::vector<std::uint32_t>{1, 3, 0, 2}, out);
  EXPECT_THAT(ItemsOf(out), ElementsAre(2, 3, 0, 1));
  EXPECT_FLOAT_EQ(out[1].score, 0.2F);
  RankByPopularity(ranking, std::vector<std::uint32_t>{1}, out);
  EXPECT_FLOAT_EQ(out[0].score, 1.0F);
}

}  // namespace
}  // namespace usher::recsys
