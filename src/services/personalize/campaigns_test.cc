#include "services/personalize/campaigns.h"

#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class CampaignTest : public TestService {
 protected:
  CampaignTest() {
    ImportInteractions();
    solution_ = CreateSolution("films", "aws-user-personalization");
    version_ = Train(solution_);
  }

  Result<api::CreateCampaignResponse> Create(const std::string& version,
                                             std::optional<api::CampaignConfig> config = {}) {
    auto created = Call<api::CreateCampaign>(
        {.name = "c", .solution_version_arn = version, .campaign_config = std::move(config)});
    RunJobs();
    return created;
  }
  static api::CampaignConfig WithoutExploration() {
    return {.item_exploration_config =
                std::map<std::string, std::string>{{"explorationWeight", "0"}}};
  }
  api::Campaign Describe() {
    return *Call<api::DescribeCampaign>({.campaign_arn = Arn("campaign/c")})->campaign;
  }

  std::string solution_;
  std::string version_;
};

TEST_F(CampaignTest, ServesRecommendationsOfItsVersion) {
  ASSERT_TRUE(Create(version_, WithoutExploration()));

  EXPECT_EQ(Describe().status, "ACTIVE");
  const auto answer = Call<runtime_api::GetRecommendations>(
      {.campaign_arn = Arn("campaign/c"), .user_id = "u1", .num_results = 5});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->item_list->size(), 5U);
  EXPECT_THAT(*answer->recommendation_id, testing::MatchesRegex("RID-[0-9a-f-]{36}"));
  double last = 1;
  for (const auto& item : *answer->item_list) {
    EXPECT_LE(*item.score, last);
    EXPECT_GT(*item.score, 0);
    last = *item.score;
  }
}

TEST_F(CampaignTest, GivesAnUnknownUserWhatIsPopular) {
  ASSERT_TRUE(Create(version_));

  const auto answer = Call<runtime_api::GetRecommendations>(
      {.campaign_arn = Arn("campaign/c"), .user_id = "nobody"});

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->item_list->size(), 25U);
}

TEST_F(CampaignTest, RefusesRequestsThatItCannotAnswer) {
  ASSERT_TRUE(Create(version_));
  const std::string arn = Arn("campaign/c");
  using Get = runtime_api::GetRecommendations;

  EXPECT_THAT(Complaint<Get>({.campaign_arn = arn}, ErrorCode::kInvalidInput),
              HasSubstr("userId is required"));
  EXPECT_THAT(Complaint<Get>({.campaign_arn = arn, .user_id = "u1", .num_results = 501},
                             ErrorCode::kInvalidInput),
              HasSubstr("at most 500"));
  EXPECT_THAT(Complaint<Get>({.user_id = "u1"}, ErrorCode::kInvalidInput),
              HasSubstr("campaignArn is required"));
  EXPECT_THAT(
      Complaint<Get>({.campaign_arn = Arn("campaign/none"), .user_id = "u1"}, ErrorCode::kNotFound),
      HasSubstr("campaign/none"));
  EXPECT_THAT(Complaint<Get>({.campaign_arn = arn, .user_id = "u1", .filter_arn = Arn("filter/f")},
                             ErrorCode::kNotFound),
              HasSubstr("filter/f"));
  EXPECT_THAT(
      Complaint<runtime_api::GetPersonalizedRanking>(
          {.campaign_arn = arn, .input_list = {"i1"}, .user_id = "u1"}, ErrorCode::kInvalidInput),
      HasSubstr("call GetRecommendations"));
}

TEST_F(CampaignTest, ResolvesLatestAndFollowsItWhenAsked) {
  ASSERT_TRUE(Create(solution_ + "/$LATEST",
                     api::CampaignConfig{.sync_with_latest_solution_version = true}));
  EXPECT_EQ(Describe().solution_version_arn, version_);

  const std::string newer = Train(solution_);

  EXPECT_EQ(Describe().solution_version_arn, newer);
  EXPECT_EQ(Describe().latest_campaign_update->status, "ACTIVE");
}

TEST_F(CampaignTest, KeepsItsOldModelUntilTheUpdateIsDone) {
  ASSERT_TRUE(Create(version_));
  const std::string newer = Train(solution_);

  ASSERT_TRUE(Call<api::UpdateCampaign>(
      {.campaign_arn = Arn("campaign/c"), .solution_version_arn = newer}));

  EXPECT_EQ(Describe().status, "ACTIVE");
  EXPECT_EQ(Describe().solution_version_arn, version_);
  EXPECT_EQ(Describe().latest_campaign_update->status, "CREATE PENDING");
  EXPECT_THAT(
      Complaint<api::DeleteCampaign>({.campaign_arn = Arn("campaign/c")}, ErrorCode::kInUse),
      HasSubstr("being created or updated"));
  RunJobs();
  EXPECT_EQ(Describe().solution_version_arn, newer);
}

TEST_F(CampaignTest, ChecksItsConfiguration) {
  const auto refusal = [&](api::CampaignConfig config) {
    return Complaint<api::CreateCampaign>(
        {.name = "x", .solution_version_arn = version_, .campaign_config = config},
        ErrorCode::kInvalidInput);
  };
  EXPECT_THAT(refusal({.item_exploration_config =
                           std::map<std::string, std::string>{{"explorationWeight", "1.5"}}}),
              HasSubstr("explorationWeight is '1.5', but must be a number from 0 to 1"));
  EXPECT_THAT(
      refusal({.item_exploration_config = std::map<std::string, std::string>{{"weight", "0.5"}}}),
      HasSubstr("has no 'weight'"));
  EXPECT_THAT(refusal({.sync_with_latest_solution_version = true}), HasSubstr("$LATEST"));
  EXPECT_EQ(refusal({.item_exploration_config =
                         std::map<std::string, std::string>{{"explorationWeight", "0.3"},
                                                            {"explorationItemAgeCutOff", "30"}}}),
            "");
}

TEST_F(CampaignTest, IsLoadedAgainAfterARestart) {
  ASSERT_TRUE(Create(version_, WithoutExploration()));
  wire::Dispatcher dispatcher;
  ManualQueue queue;
  Service restarted(*store_, queue, dispatcher, clock_, {.data_folder = folder_.path()});
  wire::CallContext context;

  const auto before =
      GetRecommendations({.campaign_arn = Arn("campaign/c"), .user_id = "u1"}, service_, context);
  const auto after =
      GetRecommendations({.campaign_arn = Arn("campaign/c"), .user_id = "u1"}, restarted, context);

  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->item_list, before->item_list);
}

class GetPersonalizedRankingTest : public TestService {};

TEST_F(GetPersonalizedRankingTest, OrdersTheListAndPutsUnknownItemsLast) {
  ImportInteractions();
  const std::string version = Train(CreateSolution("rank", "aws-personalized-ranking"));
  ASSERT_TRUE(Call<api::CreateCampaign>({.name = "r", .solution_version_arn = version}));
  RunJobs();

  const auto answer =
      Call<runtime_api::GetPersonalizedRanking>({.campaign_arn = Arn("campaign/r"),
                                                 .input_list = {"never-seen", "i1", "i25"},
                                                 .user_id = "u1"});

  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->personalized_ranking->size(), 3U);
  EXPECT_EQ(answer->personalized_ranking->back().item_id, "never-seen");
  EXPECT_FALSE(answer->personalized_ranking->back().score);
  // u1 belongs to those who like items 20 to 39.
  EXPECT_EQ(answer->personalized_ranking->front().item_id, "i25");
}

}  // namespace
}  // namespace usher::personalize
