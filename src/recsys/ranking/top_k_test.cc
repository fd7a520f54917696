#include "recsys/ranking/top_k.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/random.h"

namespace usher::recsys {
namespace {

TEST(TopK, KeepsTheBestWhateverTheOrderOfOffers) {
  Random random(1);
  std::vector<ScoredItem> offers;
  for (std::uint32_t i = 0; i < 200; ++i) {
    offers.push_back({i, static_cast<float>(random.Below(20))});  // many ties
  }
  std::vector<ScoredItem> expected = offers;
  std::ranges::sort(expected, RanksBefore);
  for (const std::size_t k : {1, 7, 200, 300}) {
    for (int round = 0; round < 5; ++round) {
      for (std::size_t j = offers.size(); j > 1; --j) {
        std::swap(offers[j - 1], offers[random.Below(j)]);
      }
      TopK top;
      top.Reset(k);
      for (const ScoredItem& offer : offers) top.Offer(offer);
      std::vector<ScoredItem> got;
      top.Take(got);
      EXPECT_EQ(got, std::vector<ScoredItem>(
                         expected.begin(),
                         expected.begin() + static_cast<long>(std::min(k, expected.size()))));
    }
  }
}

TEST(TopK, HasNoThresholdUntilItIsFull) {
  TopK top;
  top.Reset(2);
  EXPECT_EQ(top.threshold(), -std::numeric_limits<float>::infinity());
  top.Offer({0, 5});
  EXPECT_EQ(top.threshold(), -std::numeric_limits<float>::infinity());
  top.Offer({1, 3});
  EXPECT_EQ(top.threshold(), 3);
  top.Offer({2, 4});
  EXPECT_EQ(top.threshold(), 4);
}

TEST(TopK, TakesNothingWhenNothingIsWanted) {
  TopK top;
  top.Reset(0);
  top.Offer({0, 5});
  EXPECT_EQ(top.threshold(), std::numeric_limits<float>::infinity());
  std::vector<ScoredItem> got{{1, 1}};
  top.Take(got);
  EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace usher::recsys
