#include "engine/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "base/temp_folder.h"
#include "engine/explain.h"
#include "engine/model_folder.h"
#include "engine/recommend.h"
#include "engine/train.h"
#include "json/json.h"

namespace usher::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Everybody watches even items on tv and odd ones on the phone, which of them at random.
InteractionTable Devices(std::uint32_t users, std::uint32_t items) {
  InteractionTable table;
  Random random(2);
  for (std::uint32_t u = 0; u < users; ++u) table.user_ids.push_back("u" + std::to_string(u));
  for (std::uint32_t i = 0; i < items; ++i) table.item_ids.push_back("i" + std::to_string(i));
  table.context = {{"DEVICE", {"tv", "phone"}, {}}};
  for (std::uint32_t u = 0; u < users; ++u) {
    for (std::uint32_t i = 0; i < items; ++i) {
      if (random.Below(3) != 0) continue;
      table.user.push_back(u);
      table.item.push_back(i);
      table.timestamp.push_back(static_cast<std::int64_t>(random.Below(1'000'000)));
      table.context[0].codes.push_back(i % 2);
    }
  }
  return table;
}

TrainOptions Small(const std::string& recipe) {
  TrainOptions options;
  options.recipe = recipe;
  options.hyperparameters = {{"hidden_dimension", "32"}, {"als_sweeps", "3"}};
  options.threads = 2;
  return options;
}

std::ptrdiff_t OddOnes(const std::vector<AnsweredItem>& items) {
  return std::ranges::count_if(
      items, [](const AnsweredItem& item) { return (item.id.back() - '0') % 2 == 1; });
}

TEST(Context, ChangesTheAnswerOfAModelForWhichItMatters) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  ASSERT_TRUE(TrainOnTable(Devices(300, 40), path, Small("aws-user-personalization")));
  const auto model = LoadModel(path);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_GE(model->info.context_weight.value_or(0), 0.5);
  for (const char* user : {"u0", "u7", "nobody"}) {
    const auto on = [&](const char* device) {
      return *RecommendOne(*model, user, {}, 8, true, nullptr, {{"DEVICE", device}});
    };
    EXPECT_EQ(OddOnes(on("tv")), 0) << user;
    EXPECT_EQ(OddOnes(on("phone")), 8) << user;
    // A value that the data never had says nothing.
    const auto plain = *RecommendOne(*model, user, {}, 8, true);
    const auto radio = on("radio");
    ASSERT_EQ(radio.size(), plain.size());
    for (std::size_t j = 0; j < plain.size(); ++j) EXPECT_EQ(radio[j].id, plain[j].id);
  }
  // Probabilities of the whole catalogue still sum to 1.
  const auto all = *RecommendOne(*model, "u0", {}, 40, false, nullptr, {{"DEVICE", "tv"}});
  ASSERT_EQ(all.size(), 40U);
  double sum = 0;
  for (const AnsweredItem& item : all) sum += *item.score;
  EXPECT_NEAR(sum, 1.0, 1e-4);
}

TEST(Context, OrdersAListByTheSituation) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  ASSERT_TRUE(TrainOnTable(Devices(300, 40), path, Small("aws-personalized-ranking")));
  const auto model = LoadModel(path);
  ASSERT_TRUE(model);
  const std::vector<std::string> list{"i10", "i11", "i12", "i13"};
  const auto ranked = RankOne(*model, "u0", {}, list, {{"DEVICE", "phone"}});
  ASSERT_TRUE(ranked);
  EXPECT_EQ(OddOnes({(*ranked)[0], (*ranked)[1]}), 2);
}

TEST(Context, RefusesAColumnThatTheModelDoesNotKnow) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  ASSERT_TRUE(TrainOnTable(Devices(60, 20), path, Small("aws-user-personalization")));
  const auto model = LoadModel(path);
  ASSERT_TRUE(model);
  const auto answer = RecommendOne(*model, "u0", {}, 5, true, nullptr, {{"CITY", "Rome"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(answer.error().message, HasSubstr("CITY"));
  EXPECT_THAT(answer.error().message, HasSubstr("DEVICE"));
}

TEST(Context, IsPartOfTheExplanation) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  ASSERT_TRUE(TrainOnTable(Devices(300, 40), path, Small("aws-user-personalization")));
  const auto model = LoadModel(path);
  ASSERT_TRUE(model);
  for (const char* user : {"u0", "nobody"}) {
    const auto list = *RecommendOne(*model, user, {}, 8, true, nullptr, {{"DEVICE", "tv"}});
    for (std::size_t place = 0; place < list.size(); ++place) {
      const auto why = ExplainItem(*model, user, list[place].id,
                                   {.num_results = 8,
                                    .top = 1000,
                                    .recent = {},
                                    .exclude = {},
                                    .context = {{"DEVICE", "tv"}}});
      ASSERT_TRUE(why) << why.error().message;
      EXPECT_EQ(why->standing, Standing::kShown) << user;
      EXPECT_EQ(why->rank, place + 1);
      EXPECT_FLOAT_EQ(static_cast<float>(*why->probability), *list[place].score);
      ASSERT_EQ(why->context.size(), 1U);
      EXPECT_EQ(why->context[0].column, "DEVICE");
      EXPECT_EQ(why->context[0].value, "tv");
      EXPECT_GT(why->context[0].adds, 0);  // an even item, on tv
      if (why->basis != recsys::Explanation::Basis::kHistory) continue;
      double sum = why->context[0].adds + why->others_total;
      for (const ExplainedEvent& event : why->because) sum += event.factors + event.transitions;
      EXPECT_NEAR(sum, why->score, 1e-3);
    }
    // Why an odd item is absent: the situation takes away.
    const auto absent = ExplainItem(*model, user, "i1",
                                    {.num_results = 2,
                                     .exclude_seen = false,
                                     .recent = {},
                                     .exclude = {},
                                     .context = {{"DEVICE", "tv"}}});
    ASSERT_TRUE(absent);
    EXPECT_EQ(absent->standing, Standing::kBelow) << user;
    EXPECT_LT(absent->context.at(0).adds, 0);
    EXPECT_LT(absent->score, absent->last_score);
    EXPECT_THAT(FormatExplanation(*absent), HasSubstr("the situation: DEVICE=tv"));
    EXPECT_THAT(json::Write(ToValue(*absent)), HasSubstr("\"context\":[{\"column\":\"DEVICE\""));
  }
  const auto unknown =
      ExplainItem(*model, "u0", "i1", {.recent = {}, .exclude = {}, .context = {{"CITY", "Rome"}}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidInput);
}

TEST(CopyContext, KeepsTheMostFrequentValuesWhereNotAllFit) {
  InteractionTable table;
  table.context = {{"HOUR", {"a", "b", "c"}, {2, 2, 1, 0, 1, 2, kNoContext}}};
  table.user = {0, 0, 0, 0, 0, 0, 0};
  table.item = {0, 1, 2, 3, 4, 5, 6};
  const ContextTable all = CopyContext(table, 7);
  EXPECT_THAT(all.columns[0].values, ElementsAre("c", "b", "a"));
  EXPECT_THAT(all.columns[0].codes, ElementsAre(0, 0, 1, 2, 1, 0, kNoContext));
  const ContextTable one = CopyContext(table, kMaxLiftCells);
  EXPECT_THAT(one.columns[0].values, ElementsAre("c"));
  EXPECT_THAT(one.columns[0].codes,
              ElementsAre(0, 0, kNoContext, kNoContext, kNoContext, 0, kNoContext));
}

}  // namespace
}  // namespace usher::engine
