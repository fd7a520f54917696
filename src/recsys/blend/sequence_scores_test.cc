#include "recsys/blend/sequence_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// Items 0 and 1 both lead to 2, and 1 leads to 3.
WeightedLists Rows() {
  return ListsOf(
      std::vector<std::vector<ScoredItem>>{{{2, 0.5F}}, {{2, 0.25F}, {3, 1.0F}}, {}, {}});
}

TEST(SequenceScores, SumsWhatEachEventLeadsTo) {
  SequenceScores scores(4);
  const WeightedLists T = Rows();
  scores.Sum(T.view(), std::vector<std::uint32_t>{0, 1}, {}, {.half_life = 1}, 2);
  EXPECT_THAT(scores.items(), UnorderedElementsAre(2, 3));
  EXPECT_FLOAT_EQ(scores[2], 2 * (0.5F * 0.5F + 0.25F));
  EXPECT_FLOAT_EQ(scores[3], 2);
}

// An event so long ago that what it adds is no float must not bring its item in twice.
TEST(SequenceScores, NamesEachItemOnceWhenWeightsVanish) {
  SequenceScores scores(4);
  const WeightedLists T = Rows();
  const std::vector<std::uint32_t> history{0, 1};
  const std::vector<std::uint32_t> times{0, 4'000'000'000U};
  scores.Sum(T.view(), history, times, {.half_life = 10, .time_scale = 1}, 1e-7F);
  EXPECT_THAT(scores.items(), ElementsAre(2, 3));
  scores.Sum(T.view(), history, times, {.half_life = 10, .time_scale = 1},
             std::numeric_limits<float>::denorm_min());
  EXPECT_THAT(scores.items(), ElementsAre(3));
}

}  // namespace
}  // namespace usher::recsys
