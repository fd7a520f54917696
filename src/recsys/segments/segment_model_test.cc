#include "recsys/segments/segment_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Scores of users 0, 1, 2: item 0 gives 1, 3, 2; item 1 gives 5, 0, 2. User 1 met item 0; user 2
// both.
class SegmentModelTest : public testing::Test {
 protected:
  SegmentModelTest() : users_(3, 2), items_(2, 2) {
    users_.Row(0)[0] = 1;
    users_.Row(0)[1] = 5;
    users_.Row(1)[0] = 3;
    users_.Row(2)[0] = 2;
    users_.Row(2)[1] = 2;
    items_.Row(0)[0] = 1;
    items_.Row(1)[1] = 1;
    histories_.Append({});
    histories_.Append(std::vector<std::uint32_t>{0});
    histories_.Append(std::vector<std::uint32_t>{1, 0});
  }
  std::vector<std::uint32_t> Find(std::vector<std::uint32_t> items, std::size_t count,
                                  bool exclude_seen, const ItemMask* allowed = nullptr) const {
    const SegmentModel model({.users = Vocabulary(std::vector<std::string>{"a", "b", "c"}),
                              .items = Vocabulary(std::vector<std::string>{"x", "y"}),
                              .histories = histories_.view(),
                              .user_factors = users_.view(),
                              .item_factors = items_.view(),
                              .attributes = {},
                              .owner = nullptr});
    std::vector<std::uint32_t> out{7};
    model.FindUsers(items, count, exclude_seen, out, allowed);
    return out;
  }

  linalg::Matrix users_;
  linalg::Matrix items_;
  Lists histories_;
};

TEST_F(SegmentModelTest, OrdersUsersByTheirProductWithTheItem) {
  EXPECT_THAT(Find({0}, 10, false), ElementsAre(1, 2, 0));
  EXPECT_THAT(Find({1}, 2, false), ElementsAre(0, 2));
  EXPECT_THAT(Find({0}, 0, false), IsEmpty());
}

TEST_F(SegmentModelTest, TellsItemsOfWhichNothingIsKnown) {
  const linalg::Matrix items(2, 2);
  const SegmentModel blank({.users = Vocabulary(std::vector<std::string>{"a", "b", "c"}),
                            .items = Vocabulary(std::vector<std::string>{"x", "y"}),
                            .histories = histories_.view(),
                            .user_factors = users_.view(),
                            .item_factors = items.view(),
                            .attributes = {},
                            .owner = nullptr});
  EXPECT_FALSE(blank.Knows(std::vector<std::uint32_t>{0, 1}));
  const SegmentModel model({.users = Vocabulary(std::vector<std::string>{"a", "b", "c"}),
                            .items = Vocabulary(std::vector<std::string>{"x", "y"}),
                            .histories = histories_.view(),
                            .user_factors = users_.view(),
                            .item_factors = items_.view(),
                            .attributes = {},
                            .owner = nullptr});
  EXPECT_TRUE(model.Knows(std::vector<std::uint32_t>{1}));
}

TEST_F(SegmentModelTest, AddsTheItemsOfASet) {
  EXPECT_THAT(Find({0, 1}, 10, false), ElementsAre(0, 2, 1));  // 6, 4, 3
}

TEST_F(SegmentModelTest, LeavesOutThoseWhoMetThemAll) {
  EXPECT_THAT(Find({0}, 10, true), ElementsAre(0));
  EXPECT_THAT(Find({0, 1}, 10, true), ElementsAre(0, 1));
}

TEST_F(SegmentModelTest, ChoosesAmongTheAllowedUsers) {
  ItemMask allowed(3, true);
  allowed.Clear(1);
  EXPECT_THAT(Find({0}, 10, false, &allowed), ElementsAre(2, 0));
}

}  // namespace
}  // namespace usher::recsys
