#include "engine/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/recommend.h"
#include "engine/two_tastes_model_test_help.h"
#include "json/json.h"

namespace usher::engine {
namespace {

using testing::HasSubstr;
using Basis = recsys::Explanation::Basis;

class ExplainItemTest : public TwoTastesModel {};

TEST_F(ExplainItemTest, AddsUpWhatTheInteractionsOfAShownItemContribute) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto list = RecommendOne(model, "u3", {}, 5, true);
  ASSERT_TRUE(list);
  for (std::size_t place = 0; place < list->size(); ++place) {
    const auto why =
        ExplainItem(model, "u3", (*list)[place].id, {.num_results = 5, .top = 3, .recent = {}});
    ASSERT_TRUE(why) << why.error().message;
    EXPECT_EQ(why->standing, Standing::kShown);
    EXPECT_EQ(why->basis, Basis::kHistory);
    EXPECT_EQ(why->rank, place + 1);
    EXPECT_FLOAT_EQ(static_cast<float>(*why->probability), *(*list)[place].score);
    EXPECT_EQ(why->last_shown, list->back().id);
    ASSERT_EQ(why->because.size(), 3U);
    double sum = why->others_total;
    for (const ExplainedEvent& event : why->because) {
      sum += event.factors + event.transitions;
      EXPECT_EQ(std::stoi(std::string(event.id.substr(1))) % 2, 1) << event.id;  // of u3's taste
    }
    EXPECT_NEAR(sum, why->score, 1e-4);
  }
}

TEST_F(ExplainItemTest, SaysWhyAnItemIsAbsent) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const recsys::Model& m = *model.model;
  const std::string seen(m.items()[m.History(3)[0]]);
  EXPECT_EQ(ExplainItem(model, "u3", seen, {.recent = {}})->standing, Standing::kSeen);
  EXPECT_EQ(ExplainItem(model, "u3", "never", {.recent = {}})->standing, Standing::kUnknown);

  const auto list = RecommendOne(model, "u3", {}, 5, true);
  const std::vector<std::string> filtered{std::string(list->front().id), "never"};
  const auto excluded = ExplainItem(model, "u3", filtered[0], {.recent = {}, .exclude = filtered});
  EXPECT_EQ(excluded->standing, Standing::kExcluded);
  EXPECT_EQ(excluded->rank, 1U);

  // i2 is not of u3's taste, whose own items come first.
  const auto below = ExplainItem(model, "u3", "i2", {.num_results = 2, .recent = {}});
  EXPECT_EQ(below->standing, Standing::kBelow);
  EXPECT_GT(below->rank, 2U);
  EXPECT_EQ(below->last_shown, (*list)[1].id);
  EXPECT_GT(below->last_score, below->score);
  EXPECT_FALSE(below->probability);

  // What was met a moment ago counts as met, and as a reason.
  const std::vector<std::string> recent{std::string(list->front().id)};
  const auto just = ExplainItem(model, "u3", recent[0], {.recent = {.items = recent, .times = {}}});
  EXPECT_EQ(just->standing, Standing::kSeen);
}

TEST_F(ExplainItemTest, SaysThatPopularityDecides) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto stranger = ExplainItem(model, "nobody", "i2", {.num_results = 40, .recent = {}});
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->basis, Basis::kPopularity);
  EXPECT_FALSE(stranger->user_known);
  EXPECT_EQ(stranger->standing, Standing::kShown);
  EXPECT_THAT(FormatExplanation(*stranger), HasSubstr("does not know this user"));

  const LoadedModel popular = TrainRecipe("aws-popularity-count");
  const auto list = RecommendOne(popular, "u3", {}, 5, true);
  const auto why = ExplainItem(popular, "u3", (*list)[2].id, {.recent = {}});
  ASSERT_TRUE(why);
  EXPECT_EQ(why->basis, Basis::kPopularity);
  EXPECT_EQ(why->rank, 3U);
  EXPECT_THAT(FormatExplanation(*why), HasSubstr("what is popular"));
}

TEST_F(ExplainItemTest, IsWrittenAsJsonAndAsText) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto why = ExplainItem(model, "u3", "i1", {.num_results = 40, .top = 2, .recent = {}});
  ASSERT_TRUE(why);
  const Value value = ToValue(*why);
  EXPECT_EQ(*value.Find("userId")->as_string(), "u3");
  EXPECT_EQ(*value.Find("basis")->as_string(), "interactions");
  EXPECT_EQ(value.Find("because")->as_list()->size(), 2U);
  const auto& first = (*value.Find("because")->as_list())[0];
  EXPECT_DOUBLE_EQ(*first.Find("contribution")->as_double(),
                   *first.Find("factors")->as_double() + *first.Find("transitions")->as_double());
  EXPECT_EQ(*value.Find("others")->Find("interactions")->as_int(),
            static_cast<std::int64_t>(why->others));
  EXPECT_TRUE(json::Parse(json::Write(value)));
  const std::string text = FormatExplanation(*why);
  EXPECT_THAT(text, HasSubstr("item i1 for user u3: "));
  EXPECT_THAT(text, HasSubstr(std::to_string(why->others) + " others"));

  const Value unknown = ToValue(*ExplainItem(model, "u3", "never", {.recent = {}}));
  EXPECT_EQ(*unknown.Find("standing")->as_string(), "unknownItem");
  EXPECT_EQ(unknown.Find("score"), nullptr);
}

TEST_F(ExplainItemTest, RefusesOptionsOutOfRange) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  for (const ExplainOptions& options :
       {ExplainOptions{.num_results = 0}, ExplainOptions{.num_results = kMaxNumResults + 1},
        ExplainOptions{.top = kMaxExplainedEvents + 1}}) {
    const auto refused = ExplainItem(model, "u3", "i1", options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput);
  }
  const auto similar = TrainRecipe("aws-sims");
  const auto refused = ExplainItem(similar, "u3", "i1", {.recent = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace usher::engine
