#include "services/personalize/exploration.h"

#include <fstream>
#include <set>

#include "engine/recommend.h"
#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class ExplorationTest : public TestService {
 protected:
  ExplorationTest() {
    ImportInteractions();
    version_ = Train(CreateSolution("films", "aws-user-personalization"));
  }

  std::string Campaign(const std::string& name, std::optional<ExplorationConfig> config) {
    api::CreateCampaignRequest request;
    request.name = name;
    request.solution_version_arn = version_;
    if (config) request.campaign_config.emplace().item_exploration_config = std::move(config);
    EXPECT_EQ(Complaint<api::CreateCampaign>(request, ErrorCode::kInvalidInput), "");
    RunJobs();
    return Arn("campaign/" + name);
  }
  runtime_api::GetRecommendationsResponse Get(const std::string& campaign,
                                              const std::string& user = "u1") {
    auto answer = Call<runtime_api::GetRecommendations>(
        {.campaign_arn = campaign, .user_id = user, .num_results = 5});
    EXPECT_TRUE(answer) << answer.error().message;
    return *std::move(answer);
  }
  static std::vector<std::string> Ids(const runtime_api::GetRecommendationsResponse& answer) {
    std::vector<std::string> ids;
    for (const auto& item : *answer.item_list) ids.push_back(*item.item_id);
    return ids;
  }
  // Different lists in thirty answers.
  std::size_t ListsOf(const std::string& campaign) {
    std::set<std::vector<std::string>> lists;
    for (int i = 0; i < 30; ++i) lists.insert(Ids(Get(campaign)));
    return lists.size();
  }

  std::string version_;
};

TEST_F(ExplorationTest, WithWeightZeroAnswersAreGreedyAndNothingIsRecorded) {
  const std::string campaign = Campaign("c", ExplorationConfig{{"explorationWeight", "0"}});

  EXPECT_EQ(ListsOf(campaign), 1);
  EXPECT_FALSE(*service_.impressions.Find(*Get(campaign).recommendation_id));
}

TEST_F(ExplorationTest, ExploresByDefault) {
  // The interactions lie within a day, so every item is new.
  EXPECT_GT(ListsOf(Campaign("c", std::nullopt)), 1);
}

TEST_F(ExplorationTest, ItemsOlderThanTheCutOffAreNotExplored) {
  // The first interactions with items lie hours before the latest one of all.
  const std::string campaign = Campaign(
      "c", ExplorationConfig{{"explorationWeight", "1"}, {"explorationItemAgeCutOff", "0.0001"}});

  EXPECT_EQ(ListsOf(campaign), 1);
}

TEST_F(ExplorationTest, RecordsWhatItShowedWithPropensitiesUnderTheRecommendationId) {
  const std::string campaign = Campaign("c", ExplorationConfig{{"explorationWeight", "0.5"}});

  const auto answer = Get(campaign, "u2");

  const auto found = service_.impressions.Find(*answer.recommendation_id);
  ASSERT_TRUE(found && *found);
  const Impression& impression = **found;
  EXPECT_EQ(impression.campaign_arn, campaign);
  EXPECT_EQ(impression.solution_version_arn, version_);
  EXPECT_EQ(impression.user_id, "u2");
  EXPECT_EQ(impression.time, clock_.Now());
  std::vector<std::string> ids;
  for (const Impression::Item& item : impression.items) {
    ids.push_back(item.id);
    EXPECT_TRUE(item.propensity > 0 && item.propensity <= 1) << item.propensity;
  }
  EXPECT_EQ(ids, Ids(answer));
  EXPECT_FALSE(*service_.impressions.Find("RID-of-nobody"));
}

TEST_F(ExplorationTest, AnAnswerCanBeGivenAgainFromItsId) {
  const std::string campaign = Campaign("c", ExplorationConfig{{"explorationWeight", "0.7"}});
  const auto answer = Get(campaign);
  const auto deployment = service_.deployments.Find(campaign);
  ASSERT_TRUE(deployment && (*deployment)->explorer);

  const engine::Exploration exploration{*(*deployment)->explorer,
                                        engine::SeedOf(*answer.recommendation_id)};
  const auto again = engine::RecommendOne((*deployment)->loaded, "u1", {}, 5, true, &exploration);

  ASSERT_TRUE(again);
  std::vector<std::string> ids;
  for (const auto& item : *again) ids.emplace_back(item.id);
  EXPECT_EQ(ids, Ids(answer));
}

TEST_F(ExplorationTest, AnUpdateChangesHowACampaignExplores) {
  const std::string campaign = Campaign("c", ExplorationConfig{{"explorationWeight", "0"}});
  api::UpdateCampaignRequest update;
  update.campaign_arn = campaign;
  update.campaign_config.emplace().item_exploration_config =
      ExplorationConfig{{"explorationWeight", "1"}};
  ASSERT_TRUE(Call<api::UpdateCampaign>(update));
  RunJobs();

  EXPECT_GT(ListsOf(campaign), 1);
}

TEST_F(ExplorationTest, IsTheSameAfterARestart) {
  const std::string campaign = Campaign("c", ExplorationConfig{{"explorationWeight", "1"}});
  wire::Dispatcher dispatcher;
  ManualQueue queue;
  Service restarted(*store_, queue, dispatcher, clock_, {.data_folder = folder_.path()});

  const auto deployment = restarted.deployments.Find(campaign);

  ASSERT_TRUE(deployment);
  EXPECT_NE((*deployment)->explorer, nullptr);
  const auto answer = Get(campaign);
  const auto found = restarted.impressions.Find(*answer.recommendation_id);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->items.size(), 5);
}

TEST_F(ExplorationTest, AnswersAreGivenAlsoWhenTheyCannotBeRecorded) {
  std::ofstream(folder_.path() + "/impressions") << "no folder";
  const std::string campaign = Campaign("c", ExplorationConfig{{"explorationWeight", "1"}});

  const auto answer = Get(campaign);

  EXPECT_EQ(answer.item_list->size(), 5);
  EXPECT_FALSE(service_.impressions.Find(*answer.recommendation_id));
}

class BatchExplorationTest : public ExplorationTest {
 protected:
  std::string Batch(const std::string& name, std::optional<ExplorationConfig> config) {
    api::CreateBatchInferenceJobRequest request;
    request.job_name = name;
    request.solution_version_arn = version_;
    request.num_results = 5;
    request.job_input.s3_data_source.path = "s3://bucket/in/users.json";
    request.job_output.s3_data_destination.path = "s3://bucket/" + name + "/";
    request.role_arn = kRole;
    if (config) {
      request.batch_inference_job_config.emplace().item_exploration_config = std::move(config);
    }
    objects_["in/users.json"].clear();
    for (int user = 0; user < 60; ++user) {
      objects_["in/users.json"] += "{\"userId\":\"u" + std::to_string(user) + "\"}\n";
    }
    const std::string refusal =
        Complaint<api::CreateBatchInferenceJob>(request, ErrorCode::kInvalidInput);
    if (!refusal.empty()) return refusal;
    RunJobs();
    return objects_[name + "/users.json.out"];
  }
};

TEST_F(BatchExplorationTest, WeightZeroIsTheGreedyListOfEveryUser) {
  const ExplorationConfig none{{"explorationWeight", "0"}};
  const std::string campaign = Campaign("c", none);
  const std::string out = Batch("greedy", none);

  const Value line = *json::Parse(out.substr(0, out.find('\n')));
  std::vector<std::string> batch;
  for (const Value& id : *line.Find("output")->Find("recommendedItems")->as_list()) {
    batch.push_back(*id.as_string());
  }
  EXPECT_EQ(batch, Ids(Get(campaign, "u0")));
  EXPECT_EQ(Batch("other", none), out);
}

TEST_F(BatchExplorationTest, ExploresByDefaultAndDifferentlyInEachJob) {
  const std::string greedy = Batch("greedy", ExplorationConfig{{"explorationWeight", "0"}});
  const std::string one = Batch("one", std::nullopt);
  const std::string two = Batch("two", ExplorationConfig{{"explorationWeight", "0.3"}});

  EXPECT_NE(one, greedy);
  EXPECT_NE(one, two);
  EXPECT_EQ(std::ranges::count(one, '\n'), 60);
}

TEST_F(BatchExplorationTest, ChecksItsConfiguration) {
  EXPECT_THAT(Batch("b", ExplorationConfig{{"explorationWeight", "2"}}),
              HasSubstr("explorationWeight is '2', but must be a number from 0 to 1"));
  EXPECT_THAT(Batch("b", ExplorationConfig{{"explorationItemAgeCutOff", "0"}}),
              HasSubstr("must be a number of days above 0"));
  EXPECT_THAT(Batch("b", ExplorationConfig{{"weight", "0.3"}}), HasSubstr("has no 'weight'"));
  version_ = Train(CreateSolution("popular", "aws-popularity-count"));
  EXPECT_THAT(Batch("b", ExplorationConfig{{"explorationWeight", "0.3"}}),
              HasSubstr("only for recipe aws-user-personalization"));
}

TEST(ExplorationOf, GivesDefaultsAndWhatIsConfigured) {
  const Recipe& first = *FindRecipe("arn:aws:personalize:::recipe/aws-user-personalization");
  const Recipe& second = *FindRecipe("arn:aws:personalize:::recipe/aws-user-personalization-v2");
  const Recipe& popularity = *FindRecipe("arn:aws:personalize:::recipe/aws-popularity-count");
  using Options = engine::ExplorationOptions;

  EXPECT_EQ(ExplorationOf(first, std::nullopt), (Options{0.3, 30}));
  EXPECT_EQ(ExplorationOf(first, ExplorationConfig{{"explorationWeight", "0.75"}}),
            (Options{0.75, 30}));
  EXPECT_EQ(ExplorationOf(first, ExplorationConfig{{"explorationItemAgeCutOff", "7.5"}}),
            (Options{0.3, 7.5}));
  EXPECT_EQ(ExplorationOf(second, std::nullopt), (Options{0.001, 30}));
  EXPECT_EQ(ExplorationOf(popularity, std::nullopt).weight, 0);
}

}  // namespace
}  // namespace usher::personalize
