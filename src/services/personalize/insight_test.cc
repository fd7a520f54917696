#include "services/personalize/insight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "services/personalize/event_trackers.h"
#include "services/personalize/put_events.h"
#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class InsightTest : public TestService {
 protected:
  std::string Deploy(const std::string& recipe = "aws-user-personalization") {
    ImportInteractions();
    const std::string version = Train(CreateSolution("movies", recipe));
    EXPECT_TRUE(Call<api::CreateCampaign>({.name = "movies", .solution_version_arn = version}));
    RunJobs();
    return Arn("campaign/movies");
  }
  static Value Ask(const std::string& campaign, const std::string& user,
                   const std::string& item = "") {
    ValueMap request;
    request.Append("campaignArn", campaign);
    request.Append("userId", user);
    if (!item.empty()) request.Append("itemId", item);
    return request;
  }
};

TEST_F(InsightTest, TheModelOfACampaignIsDescribed) {
  const auto model = DescribeModel(Ask(Deploy(), "u1"), service_);

  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(*model->Find("recipe")->as_string(), "aws-user-personalization");
  EXPECT_EQ(*model->Find("users")->as_int(), 60);
  EXPECT_EQ(*model->Find("items")->as_int(), 40);
  const ValueList& sample = *model->Find("sampleUsers")->as_list();
  ASSERT_EQ(sample.size(), kSampleUsers);
  for (const Value& user : sample) EXPECT_THAT(*user.as_string(), testing::StartsWith("u"));
  EXPECT_NE(sample.front(), sample.back());
}

// User k did 25 things, the j-th at 1'600'000'000 + 1000 k + 60 j; each item counts once, at its
// first time.
TEST_F(InsightTest, AHistoryIsToldNewestFirstWithItsTimes) {
  const auto history = UserHistory(Ask(Deploy(), "u2"), service_);

  ASSERT_TRUE(history) << history.error().message;
  EXPECT_TRUE(*history->Find("known")->as_bool());
  const ValueList& items = *history->Find("items")->as_list();
  EXPECT_EQ(static_cast<std::int64_t>(items.size()), *history->Find("total")->as_int());
  std::int64_t last = 1'600'002'000 + 24 * 60;
  for (const Value& item : items) {
    const std::int64_t time = *item.Find("time")->as_int();
    EXPECT_LE(time, last);
    EXPECT_EQ((time - 1'600'002'000) % 60, 0);
    const std::int64_t k = (time - 1'600'002'000) / 60;
    const std::int64_t expected = (2 * 7 + k * 3) % (k < 18 ? 20 : 40);
    EXPECT_EQ(*item.Find("itemId")->as_string(), "i" + std::to_string(expected));
    last = time;
  }
}

TEST_F(InsightTest, WhatCameSinceTheTrainingComesFirst) {
  const std::string campaign = Deploy();
  const auto tracker = Call<api::CreateEventTracker>(
      {.name = "web", .dataset_group_arn = Arn("dataset-group/movies")});
  ASSERT_TRUE(tracker);
  const auto before = UserHistory(Ask(campaign, "u2"), service_);
  std::set<std::string> known;
  for (const Value& item : *before->Find("items")->as_list()) {
    known.insert(*item.Find("itemId")->as_string());
  }
  std::string fresh;
  for (int k = 0; fresh.empty(); ++k) {
    if (!known.contains("i" + std::to_string(k))) fresh = "i" + std::to_string(k);
  }
  const Time sent = FromEpochMillis(1'690'000'000'000);
  ASSERT_TRUE(Call<events_api::PutEvents>(
      {.tracking_id = *tracker->tracking_id,
       .user_id = "u2",
       .session_id = "s",
       .event_list = {{.event_type = "click", .item_id = fresh, .sent_at = sent},
                      {.event_type = "click", .item_id = *known.begin(), .sent_at = sent}}}));

  const auto history = UserHistory(Ask(campaign, "u2"), service_);

  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ(*history->Find("total")->as_int(), static_cast<std::int64_t>(known.size()) + 1);
  const Value& first = history->Find("items")->as_list()->front();
  EXPECT_EQ(*first.Find("itemId")->as_string(), fresh);
  EXPECT_EQ(*first.Find("time")->as_int(), 1'690'000'000);
  EXPECT_TRUE(*first.Find("recent")->as_bool());

  const auto why = ExplainRecommendation(Ask(campaign, "u2", *known.begin()), service_);
  ASSERT_TRUE(why) << why.error().message;
  std::set<std::string> because;
  for (const Value& one : *why->Find("because")->as_list()) {
    because.insert(*one.Find("itemId")->as_string());
  }
  known.insert(fresh);
  EXPECT_TRUE(std::ranges::includes(known, because));
}

TEST_F(InsightTest, ATrainingTellsHowGoodItWasAfterEachSweep) {
  Deploy();
  const auto ask = [](const std::string& version) {
    ValueMap request;
    request.Append("solutionVersionArn", version);
    return Value(std::move(request));
  };
  const auto versions = Call<api::ListSolutionVersions>({});
  ASSERT_TRUE(versions);
  const std::string arn = *versions->solution_versions->front().solution_version_arn;

  const auto curve = TrainingCurve(ask(arn), service_);

  ASSERT_TRUE(curve) << curve.error().message;
  EXPECT_GT(*curve->Find("people")->as_int(), 0);
  std::int64_t sweep = 0;
  for (const Value& point : *curve->Find("points")->as_list()) {
    EXPECT_EQ(*point.Find("sweep")->as_int(), ++sweep);
    EXPECT_GE(*point.Find("ndcgAt10")->as_double(), 0.0);
    EXPECT_LE(*point.Find("ndcgAt10")->as_double(), 1.0);
  }
  EXPECT_GT(sweep, 1);
  EXPECT_EQ(TrainingCurve(ask(arn + "x"), service_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(TrainingCurve(Value(ValueMap()), service_).error().code, ErrorCode::kInvalidInput);
}

TEST_F(InsightTest, AnUnknownUserHasNoHistory) {
  const auto history = UserHistory(Ask(Deploy(), "nobody"), service_);

  ASSERT_TRUE(history);
  EXPECT_FALSE(*history->Find("known")->as_bool());
  EXPECT_TRUE(history->Find("items")->as_list()->empty());
}

TEST_F(InsightTest, ARecommendationIsExplainedByTheUsersOwnHistory) {
  const std::string campaign = Deploy();
  const auto answer = Call<runtime_api::GetRecommendations>(
      {.campaign_arn = campaign, .user_id = "u2", .num_results = 1});
  const std::string item = *answer->item_list->front().item_id;

  const auto why = ExplainRecommendation(Ask(campaign, "u2", item), service_);

  ASSERT_TRUE(why) << why.error().message;
  EXPECT_EQ(*why->Find("itemId")->as_string(), item);
  const auto history = UserHistory(Ask(campaign, "u2"), service_);
  for (const Value& one : *why->Find("because")->as_list()) {
    EXPECT_TRUE(std::ranges::any_of(*history->Find("items")->as_list(), [&](const Value& seen) {
      return *seen.Find("itemId") == *one.Find("itemId");
    }));
  }
}

TEST_F(InsightTest, WhatIsWrongIsNamed) {
  const std::string campaign = Deploy();
  EXPECT_THAT(UserHistory(Ask(campaign, ""), service_).error().message, HasSubstr("userId"));
  EXPECT_THAT(ExplainRecommendation(Ask(campaign, "u1"), service_).error().message,
              HasSubstr("itemId"));
  EXPECT_EQ(UserHistory(Ask(Arn("campaign/none"), "u1"), service_).error().code,
            ErrorCode::kNotFound);
  EXPECT_THAT(ProgressOf(ValueMap(), service_).error().message, HasSubstr("arns"));
}

TEST_F(InsightTest, RecipesForItemsAreToldApart) {
  const std::string campaign = Deploy("aws-sims");
  EXPECT_EQ(UserHistory(Ask(campaign, "u1"), service_).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace usher::personalize
