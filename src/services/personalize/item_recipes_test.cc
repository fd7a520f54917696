// The recipes that answer for items, through the operations of the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"
#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class ItemRecipes : public TestService {
 protected:
  // Items i0 to i39 of two tastes, as the interactions have them, and two that nobody has met.
  static std::string ItemsCsv() {
    std::string csv = "ITEM_ID,TASTE,ABOUT,ADULT\n";
    for (int item = 0; item < 40; ++item) {
      const bool low = item < 20;
      csv += "i" + std::to_string(item) + "," + (low ? "low" : "high") + "," +
             (low ? "deep dark sea" : "high bright sky") + ",false\n";
    }
    return csv + "cold,high,high bright sky,false\n";
  }

  void ImportItems() {
    EXPECT_TRUE(Call<api::CreateSchema>({.name = "items", .schema = R"({"type":"record",
      "name":"Items","namespace":"com.amazonaws.personalize.schema","fields":[
      {"name":"ITEM_ID","type":"string"},{"name":"TASTE","type":"string","categorical":true},
      {"name":"ABOUT","type":"string","textual":true},{"name":"ADULT","type":"boolean"}],
      "version":"1.0"})"}));
    EXPECT_TRUE(Call<api::CreateDataset>({.name = "items",
                                          .schema_arn = Arn("schema/items"),
                                          .dataset_group_arn = Arn("dataset-group/movies"),
                                          .dataset_type = "Items"}));
    objects_["items.csv"] = ItemsCsv();
    EXPECT_TRUE(Call<api::CreateDatasetImportJob>(
        {.job_name = "items",
         .dataset_arn = Arn("dataset/movies/ITEMS"),
         .data_source = {.data_location = "s3://bucket/items.csv"},
         .role_arn = kRole}));
    RunJobs();
  }

  std::string Deploy(const std::string& name, const std::string& version) {
    EXPECT_TRUE(Call<api::CreateCampaign>({.name = name, .solution_version_arn = version}));
    RunJobs();
    return Arn("campaign/" + name);
  }

  std::vector<std::string> Related(const std::string& campaign, const std::string& item) {
    const auto answer = Call<runtime_api::GetRecommendations>(
        {.campaign_arn = campaign, .item_id = item, .num_results = 5});
    EXPECT_TRUE(answer) << answer.error().message;
    std::vector<std::string> ids;
    if (!answer) return ids;
    for (const auto& entry : *answer->item_list) {
      EXPECT_FALSE(entry.score);
      ids.push_back(*entry.item_id);
    }
    return ids;
  }
};

TEST_F(ItemRecipes, RelateItemsInRealTimeAndInBatches) {
  ImportInteractions();
  ImportItems();
  for (const std::string recipe : {"aws-sims", "aws-similar-items", "aws-semantic-similarity"}) {
    const std::string version = Train(CreateSolution(recipe, recipe));
    ASSERT_EQ(StatusOf(version), "ACTIVE");
    EXPECT_TRUE(Call<api::GetSolutionMetrics>({.solution_version_arn = version})
                    ->metrics->contains("coverage"));
    const std::string campaign = Deploy(recipe, version);
    EXPECT_EQ(Related(campaign, "i3").size(), 5U);
    EXPECT_EQ(Related(campaign, "unheard of").size(), 5U);
    EXPECT_THAT(Complaint<runtime_api::GetRecommendations>(
                    {.campaign_arn = campaign, .user_id = "u1"}, ErrorCode::kInvalidInput),
                HasSubstr("itemId is required"));

    objects_["in/" + recipe] = "{\"itemId\":\"i3\"}\n";
    ASSERT_TRUE(Call<api::CreateBatchInferenceJob>(
        {.job_name = recipe,
         .solution_version_arn = version,
         .num_results = 5,
         .job_input = {.s3_data_source = {.path = "s3://bucket/in/" + recipe}},
         .job_output = {.s3_data_destination = {.path = "s3://bucket/out/"}},
         .role_arn = kRole}));
    RunJobs();
    EXPECT_THAT(objects_["out/" + recipe + ".out"],
                HasSubstr("{\"input\":{\"itemId\":\"i3\"},\"output\":{\"recommendedItems\":["));
  }
}

TEST_F(ItemRecipes, LearnFromTheImportedItems) {
  ImportInteractions();
  ImportItems();
  const std::string version = Train(CreateSolution("similar", "aws-similar-items"));
  const std::string campaign = Deploy("similar", version);
  // Nobody has met it: its neighbours are those of its taste, i20 to i39.
  for (const std::string& id : Related(campaign, "cold")) {
    EXPECT_GE(std::stoi(id.substr(1)), 20) << id;
  }
}

TEST_F(ItemRecipes, LeaveOutColumnsThatTheSolutionExcludes) {
  ImportInteractions();
  ImportItems();
  api::CreateSolutionRequest request{.name = "blind",
                                     .recipe_arn = RecipeArn("aws-semantic-similarity"),
                                     .dataset_group_arn = Arn("dataset-group/movies")};
  request.solution_config.emplace().training_data_config.emplace().excluded_dataset_columns =
      std::map<std::string, std::vector<std::string>>{{"ITEMS", {"ABOUT"}}};
  ASSERT_TRUE(Call<api::CreateSolution>(request));
  const std::string version = Train(Arn("solution/blind"));
  EXPECT_EQ(StatusOf(version), "CREATE FAILED");
  EXPECT_THAT(*Call<api::DescribeSolutionVersion>({.solution_version_arn = version})
                   ->solution_version->failure_reason,
              HasSubstr("textual column"));
}

TEST_F(ItemRecipes, SemanticSimilarityNeedsItemsAndNoInteractions) {
  CreateInteractions();  // without rows
  const std::string solution = CreateSolution("semantic", "aws-semantic-similarity");
  EXPECT_THAT(
      Complaint<api::CreateSolutionVersion>({.solution_arn = solution}, ErrorCode::kInvalidInput),
      HasSubstr("has no Items dataset"));
  ImportItems();
  const std::string version = Train(solution);
  EXPECT_EQ(StatusOf(version), "ACTIVE");
  const auto metrics = Call<api::GetSolutionMetrics>({.solution_version_arn = version})->metrics;
  EXPECT_TRUE(metrics->contains("item_similarity"));
}

TEST_F(ItemRecipes, TrendingNowGivesEverybodyTheSameList) {
  ImportInteractions();
  const std::string version = Train(CreateSolution("trend", "aws-trending-now"));
  ASSERT_EQ(StatusOf(version), "ACTIVE");
  const std::string campaign = Deploy("trend", version);
  const auto one = Call<runtime_api::GetRecommendations>({.campaign_arn = campaign});
  const auto other =
      Call<runtime_api::GetRecommendations>({.campaign_arn = campaign, .user_id = "u1"});
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->item_list->size(), 25U);
  EXPECT_EQ(*one->item_list, *other->item_list);
}

TEST_F(ItemRecipes, AffinitiesTrainButHaveNoCampaigns) {
  ImportInteractions();
  ImportItems();
  for (const char* recipe : {"aws-item-affinity", "aws-item-attribute-affinity"}) {
    const std::string version = Train(CreateSolution(recipe, recipe));
    ASSERT_EQ(StatusOf(version), "ACTIVE");
    const auto metrics = Call<api::GetSolutionMetrics>({.solution_version_arn = version})->metrics;
    EXPECT_TRUE(metrics->contains("hits_at_1_percent"));
    EXPECT_TRUE(metrics->contains("recall_at_1_percent"));
    EXPECT_THAT(Complaint<api::CreateCampaign>({.name = "c", .solution_version_arn = version},
                                               ErrorCode::kInvalidInput),
                HasSubstr("has no campaigns"));
  }
}

class Segments : public ItemRecipes {
 protected:
  Segments() {
    ImportInteractions();
    ImportItems();
  }

  static api::CreateBatchSegmentJobRequest Request(const std::string& name,
                                                   const std::string& version) {
    return {.job_name = name,
            .solution_version_arn = version,
            .num_results = 4,
            .job_input = {.s3_data_source = {.path = "s3://bucket/in/" + name}},
            .job_output = {.s3_data_destination = {.path = "s3://bucket/out//segment/"}},
            .role_arn = kRole};
  }

  // The answers of a job over these lines; its status must be as given.
  std::vector<Value> Answers(const std::string& recipe, const std::string& lines) {
    const std::string version = Train(CreateSolution(recipe, recipe));
    objects_["in/" + recipe] = lines;
    const auto created = Call<api::CreateBatchSegmentJob>(Request(recipe, version));
    EXPECT_TRUE(created) << created.error().message;
    RunJobs();
    const auto job = Call<api::DescribeBatchSegmentJob>(
        {.batch_segment_job_arn = Arn("batch-segment-job/" + recipe)});
    EXPECT_EQ(job->batch_segment_job->status, "ACTIVE")
        << job->batch_segment_job->failure_reason.value_or("");
    std::vector<Value> answers;
    std::string rest = objects_["out//segment/" + recipe + ".out"];
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      answers.push_back(*json::Parse(rest.substr(0, end)));
      rest.erase(0, end + 1);
    }
    return answers;
  }

  static std::size_t UsersOf(const Value& answer) {
    return answer.Find("output")->Find("usersList")->as_list()->size();
  }
};

TEST_F(Segments, ListTheUsersOfAnItemLineByLine) {
  // The last line is empty, as in files that editors have ended.
  const auto answers =
      Answers("aws-item-affinity", "{\"itemId\":\"i3\"}\n{\"itemId\":\"nobody's\"}\n\n");
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(*answers[0].Find("input")->Find("itemId")->as_string(), "i3");
  EXPECT_EQ(UsersOf(answers[0]), 4U);
  EXPECT_TRUE(answers[0].Find("error")->is_null());
  EXPECT_TRUE(answers[1].Find("output")->is_null());
  EXPECT_THAT(*answers[1].Find("error")->as_string(), HasSubstr("nobody's"));
  const auto listed = Call<api::ListBatchSegmentJobs>({});
  ASSERT_EQ(listed->batch_segment_jobs->size(), 1U);
  EXPECT_EQ(listed->batch_segment_jobs->front().status, "ACTIVE");
}

TEST_F(Segments, ListTheUsersOfAnAttribute) {
  const auto answers =
      Answers("aws-item-attribute-affinity", R"({"itemAttributes":"ITEMS.TASTE = \"low\""})"
                                             "\nnot json");
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(UsersOf(answers[0]), 4U);
  EXPECT_TRUE(answers[1].Find("output")->is_null());
}

TEST_F(Segments, NeedARecipeOfSegmentsAndSaySo) {
  const std::string version = Train(CreateSolution("films", "aws-user-personalization"));
  const std::string refusal =
      Complaint<api::CreateBatchSegmentJob>(Request("s", version), ErrorCode::kInvalidInput);
  EXPECT_THAT(refusal, HasSubstr("recipe/aws-user-personalization of type USER_PERSONALIZATION"));
  EXPECT_THAT(refusal, HasSubstr("aws-item-affinity"));

  const std::string segments = Train(CreateSolution("segments", "aws-item-affinity"));
  EXPECT_THAT(Complaint<api::CreateBatchInferenceJob>(
                  {.job_name = "b",
                   .solution_version_arn = segments,
                   .job_input = {.s3_data_source = {.path = "s3://bucket/in"}},
                   .job_output = {.s3_data_destination = {.path = "s3://bucket/out/"}},
                   .role_arn = kRole},
                  ErrorCode::kInvalidInput),
              HasSubstr("CreateBatchSegmentJob"));
}

TEST_F(Segments, RefusePlacesAndCountsAtTheCall) {
  const std::string version = Train(CreateSolution("segments", "aws-item-affinity"));
  auto request = Request("s", version);
  request.num_results = 5'000'001;
  EXPECT_THAT(Complaint<api::CreateBatchSegmentJob>(request, ErrorCode::kInvalidInput),
              HasSubstr("from 1 to 5000000"));
  request = Request("s", version);
  request.job_output.s3_data_destination.path = "s3://bucket/out";
  EXPECT_THAT(Complaint<api::CreateBatchSegmentJob>(request, ErrorCode::kInvalidInput),
              HasSubstr("must be a folder"));
  request = Request("s", version);
  request.filter_arn = Arn("filter/f");
  EXPECT_THAT(Complaint<api::CreateBatchSegmentJob>(request, ErrorCode::kNotFound),
              HasSubstr("filter/f"));
}

}  // namespace
}  // namespace usher::personalize
