#include "recsys/interactions/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// User u has the first lengths[u] items.
Interactions WithLengths(const std::vector<std::size_t>& lengths) {
  Interactions all;
  all.user_count = lengths.size();
  all.item_count = 100;
  for (const std::size_t length : lengths) {
    std::vector<std::uint32_t> list(length);
    std::iota(list.begin(), list.end(), 0);
    all.by_user.Append(list);
  }
  return all;
}

// 40 users bought items 0 to 9 in one basket, in this order, and item 10 before.
TEST(SplitNewestOfEachUser, HoldsOutOfOneTimeWithoutRegardToTheOrderOfTheRows) {
  Interactions all;
  all.item_count = 400;
  for (std::uint32_t user = 0; user < 40; ++user) {
    std::vector<std::uint32_t> list{399};
    for (std::uint32_t j = 0; j < 9; ++j) list.push_back(9 * user + j);
    all.by_user.Append(list);
    all.times.push_back(1);
    all.times.insert(all.times.end(), 9, 5);
    ++all.user_count;
  }
  const Split split = SplitNewestOfEachUser(all);
  std::set<std::uint32_t> places;
  for (std::uint32_t user = 0; user < 40; ++user) {
    ASSERT_EQ(split.held_out[user].size(), 1U);
    ASSERT_NE(split.held_out[user][0], 399U);  // it is older
    places.insert(split.held_out[user][0] - 9 * user);
    EXPECT_EQ(split.input[user].size(), 9U);
    EXPECT_TRUE(std::ranges::is_sorted(split.input[user].subspan(1)));
  }
  EXPECT_GE(places.size(), 5U);  // of 9: not always the last row
}

TEST(SplitNewestOfSomeUsers, LearnsTheOthersWhole) {
  const Interactions all = WithLengths({4, 1, 4, 4, 4, 4});
  const Split split = SplitNewestOfSomeUsers(all, 2, 7);
  ASSERT_EQ(split.users.size(), 2U);
  for (std::uint32_t user = 0; user < 6; ++user) {
    const bool held = user == split.users[0] || user == split.users[1];
    EXPECT_EQ(split.train.by_user[user].size(), all.by_user[user].size() - (held ? 1 : 0));
  }
  EXPECT_EQ(SplitNewestOfSomeUsers(all, 2, 7).users, split.users);
  EXPECT_EQ(SplitNewestOfSomeUsers(all, 100, 7).users.size(), 5U);  // the one of length 1 cannot
}

TEST(SplitNewestOfEachUser, CarriesTheTimesOfWhatIsLearnedFrom) {
  Interactions all = WithLengths({3, 1, 2});
  all.times = {10, 11, 12, 20, 30, 31};
  const Split split = SplitNewestOfEachUser(all);
  EXPECT_THAT(split.train.times, ElementsAre(10, 11, 20, 30));
  EXPECT_THAT(split.train.TimesOf(2), ElementsAre(30));
  EXPECT_THAT(split.InputTimes(0), ElementsAre(10, 11));
  EXPECT_THAT(split.InputTimes(1), ElementsAre(30));
}

TEST(SplitNewestOfEachUser, HoldsOutATenthButAtLeastOneOfTwo) {
  const Split split = SplitNewestOfEachUser(WithLengths({1, 2, 19, 20, 35, 0}));

  EXPECT_THAT(split.users, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(split.held_out[0], ElementsAre(1));
  EXPECT_THAT(split.held_out[1], ElementsAre(18));
  EXPECT_THAT(split.held_out[2], ElementsAre(18, 19));
  EXPECT_THAT(split.held_out[3], ElementsAre(32, 33, 34));
  EXPECT_THAT(split.train.by_user[0], ElementsAre(0));
  EXPECT_THAT(split.train.by_user[1], ElementsAre(0));
  EXPECT_EQ(split.train.by_user[4].size(), 32U);
  EXPECT_EQ(split.input[3].size(), 32U);
}

TEST(SplitUsers, TakesATenthOfTheUsersWhole) {
  const Interactions all = WithLengths(std::vector<std::size_t>(50, 20));
  const Split split = SplitUsers(all, 5);

  ASSERT_EQ(split.users.size(), 5U);
  for (std::size_t j = 0; j < 5; ++j) {
    EXPECT_THAT(split.train.by_user[split.users[j]], IsEmpty());
    EXPECT_EQ(split.input[j].size(), 18U);
    EXPECT_THAT(split.held_out[j], ElementsAre(18, 19));
  }
  EXPECT_EQ(split.train.size(), 45U * 20);
  EXPECT_EQ(SplitUsers(all, 5).users, split.users);
  EXPECT_NE(SplitUsers(all, 6).users, split.users);
}

TEST(SplitUsers, HoldsOutNobodyWhenThereIsNobodyToSpare) {
  EXPECT_THAT(SplitUsers(WithLengths({30}), 1).users, IsEmpty());
  EXPECT_THAT(SplitUsers(WithLengths({30, 1, 1}), 1).users, IsEmpty());
  EXPECT_EQ(SplitUsers(WithLengths({30, 2}), 1).users.size(), 1U);
}

TEST(Split, KeepsTheWeightOfEachEvent) {
  // Users of 4 and 2 events; event e of user u weighs 10 u + e + 1.
  Interactions all{.user_count = 2, .item_count = 4, .by_user = {}};
  all.by_user.Append(std::vector<std::uint32_t>{0, 1, 2, 3});
  all.by_user.Append(std::vector<std::uint32_t>{3, 2});
  all.times = {1, 2, 3, 4, 5, 6};
  all.weights = {1, 2, 3, 4, 11, 12};

  const Split each = SplitNewestOfEachUser(all);
  EXPECT_THAT(each.train.weights, testing::ElementsAre(1, 2, 3, 11));
  EXPECT_THAT(each.InputWeights(0), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(each.InputWeights(1), testing::ElementsAre(11));
  EXPECT_THAT(each.HeldOutWeights(0), testing::ElementsAre(4));
  EXPECT_THAT(each.HeldOutWeights(1), testing::ElementsAre(12));

  const Split some = SplitUsers(all, 1);
  ASSERT_EQ(some.users.size(), 1U);
  const bool first = some.users[0] == 0;
  EXPECT_EQ(some.train.weights,
            first ? std::vector<float>({11, 12}) : std::vector<float>({1, 2, 3, 4}));
  EXPECT_EQ(some.held_out_weights, std::vector<float>({first ? 4.0F : 12.0F}));
}

}  // namespace
}  // namespace usher::recsys
