#include "engine/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/two_tastes.h"

namespace usher::engine {
namespace {

using testing::HasSubstr;

TEST(Evaluate, FindsAModelThatKnowsTastesBetterThanPopularity) {
  TrainOptions options;
  options.hyperparameters = {{"hidden_dimension", "32"}};
  const auto got = EvaluateTable(TwoTastes(200, 80, 0.5), options);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->rows.size(), 2U);
  EXPECT_EQ(got->rows[0].model, "popularity");
  EXPECT_EQ(got->rows[1].model, "aws-user-personalization");
  EXPECT_GT(got->rows[1].ndcg_at_10, got->rows[0].ndcg_at_10);
  EXPECT_GT(got->ndcg_at_10_difference, 2 * got->ndcg_at_10_difference_standard_error);
  EXPECT_NEAR(got->ndcg_at_10_difference, got->rows[1].ndcg_at_10 - got->rows[0].ndcg_at_10, 1e-9);
  EXPECT_EQ(got->users, 200U);
  EXPECT_THAT(FormatEvaluation(*got), HasSubstr("aws-user-personalization"));
}

// Two users; each one's last item is held out, and it is the most popular item that they have not
// seen: popularity is right at once.
//   u0: a b | c    u1: c b | a
TEST(Evaluate, JudgesPopularityByHand) {
  InteractionTable table;
  table.user_ids = {"u0", "u1"};
  table.item_ids = {"a", "b", "c"};
  table.user = {0, 0, 0, 1, 1, 1};
  table.item = {0, 1, 2, 2, 1, 0};
  table.timestamp = {1, 2, 3, 1, 2, 3};
  TrainOptions options;
  options.recipe = "aws-popularity-count";
  const auto got = EvaluateTable(table, options);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->rows.size(), 1U);
  EXPECT_EQ(got->held_out_interactions, 2U);
  EXPECT_DOUBLE_EQ(got->rows[0].ndcg_at_10, 1.0);
  EXPECT_DOUBLE_EQ(got->rows[0].ndcg_at_10_standard_error, 0.0);
  EXPECT_DOUBLE_EQ(got->rows[0].precision_at_10, 0.1);
  EXPECT_DOUBLE_EQ(got->rows[0].mrr_at_25, 1.0);
  EXPECT_DOUBLE_EQ(got->rows[0].coverage_at_25, 2.0 / 3.0);
}

TEST(Evaluate, RefusesDataOfWhichNothingCanBeHeldOut) {
  InteractionTable table;
  EXPECT_FALSE(EvaluateTable(table, {}));
  table.user_ids = {"u0", "u1"};
  table.item_ids = {"a"};
  table.user = {0, 1};
  table.item = {0, 0};
  table.timestamp = {1, 2};
  const auto got = EvaluateTable(table, {});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("held out"));
}

}  // namespace
}  // namespace usher::engine
