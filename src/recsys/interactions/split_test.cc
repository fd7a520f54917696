#include "recsys/interactions/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

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

}  // namespace
}  // namespace usher::recsys
