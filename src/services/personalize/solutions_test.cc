#include "services/personalize/solutions.h"

#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;
using Parameters = std::map<std::string, std::string>;

class CreateSolutionTest : public TestService {
 protected:
  CreateSolutionTest() { CreateInteractions(); }

  static api::CreateSolutionRequest Request(const std::string& recipe) {
    return {.name = "films",
            .recipe_arn = RecipeArn(recipe),
            .dataset_group_arn = Arn("dataset-group/movies")};
  }
  std::string Refusal(const api::CreateSolutionRequest& request) {
    return Complaint<api::CreateSolution>(request, ErrorCode::kInvalidInput);
  }
};

TEST_F(CreateSolutionTest, IsActiveAtOnceAndDescribesWhatWasAsked) {
  auto request = Request("aws-user-personalization");
  request.solution_config.emplace().algorithm_hyper_parameters =
      Parameters{{"hidden_dimension", "64"}};
  ASSERT_TRUE(Call<api::CreateSolution>(request));

  const auto solution =
      Call<api::DescribeSolution>({.solution_arn = Arn("solution/films")})->solution;

  EXPECT_EQ(solution->status, "ACTIVE");
  EXPECT_EQ(solution->recipe_arn, RecipeArn("aws-user-personalization"));
  EXPECT_EQ(solution->solution_config->algorithm_hyper_parameters->at("hidden_dimension"), "64");
  EXPECT_FALSE(solution->latest_solution_version);
}

TEST_F(CreateSolutionTest, RefusesRecipesThatCannotBeTrainedNamingThoseThatCan) {
  for (const char* recipe : {"aws-next-best-action", "aws-vod-top-picks", "aws-hrnn"}) {
    EXPECT_THAT(Refusal(Request(recipe)),
                HasSubstr("aws-personalized-ranking, aws-popularity-count, "));
  }
  EXPECT_THAT(Refusal(Request("aws-hrnn")), HasSubstr("use aws-user-personalization instead"));
  EXPECT_THAT(Complaint<api::CreateSolution>(Request("aws-unheard-of"), ErrorCode::kNotFound),
              HasSubstr("recipe/aws-unheard-of"));
  auto none = Request("");
  none.recipe_arn.reset();
  EXPECT_THAT(Refusal(none), HasSubstr("recipeArn is required"));
}

TEST_F(CreateSolutionTest, ChecksHyperparametersByNameAndRange) {
  auto request = Request("aws-user-personalization");
  request.solution_config.emplace().algorithm_hyper_parameters =
      Parameters{{"hidden_dimension", "1000"}};
  EXPECT_THAT(Refusal(request),
              HasSubstr("hidden_dimension is '1000', but must be an integer from 32 to 256"));
  request.solution_config->algorithm_hyper_parameters = Parameters{{"depth", "3"}};
  EXPECT_THAT(Refusal(request),
              HasSubstr("has no 'depth'; known are: hidden_dimension, bptt, recency_mask"));
  request.solution_config->algorithm_hyper_parameters.reset();
  request.solution_config->event_value_threshold = "high";
  EXPECT_THAT(Refusal(request), HasSubstr("eventValueThreshold is 'high'"));
}

TEST_F(CreateSolutionTest, RefusesWhatIsNotBuiltRatherThanLeavingItOut) {
  auto request = Request("aws-user-personalization");
  request.perform_auto_training = true;
  EXPECT_THAT(Refusal(request), HasSubstr("performAutoTraining"));
  request.perform_auto_training = false;
  request.perform_auto_ml = true;
  EXPECT_THAT(Refusal(request), HasSubstr("performAutoML"));
}

TEST_F(CreateSolutionTest, NeedsItsDatasetGroupAndANameOfItsOwn) {
  auto request = Request("aws-user-personalization");
  request.dataset_group_arn = Arn("dataset-group/none");
  EXPECT_EQ(Complaint<api::CreateSolution>(request, ErrorCode::kNotFound),
            "Resource Arn " + Arn("dataset-group/none") + " does not exist.");
  ASSERT_TRUE(Call<api::CreateSolution>(Request("aws-user-personalization")));
  EXPECT_EQ(
      Complaint<api::CreateSolution>(Request("aws-popularity-count"), ErrorCode::kAlreadyExists),
      "Another resource with Arn " + Arn("solution/films") + " already exists.");
}

class DeleteSolutionTest : public TestService {};

TEST_F(DeleteSolutionTest, WaitsForCampaignsAndTrainingsThenTakesItsVersionsAlong) {
  ImportInteractions();
  const std::string solution = CreateSolution("films", "aws-popularity-count");
  const std::string version = Train(solution);
  ASSERT_EQ(StatusOf(version), "ACTIVE");
  ASSERT_TRUE(Call<api::CreateCampaign>({.name = "c", .solution_version_arn = version}));
  RunJobs();
  EXPECT_THAT(Complaint<api::DeleteSolution>({.solution_arn = solution}, ErrorCode::kInUse),
              HasSubstr("deployed by campaign"));
  ASSERT_TRUE(Call<api::DeleteCampaign>({.campaign_arn = Arn("campaign/c")}));
  ASSERT_TRUE(Call<api::CreateSolutionVersion>({.solution_arn = solution}));
  EXPECT_THAT(Complaint<api::DeleteSolution>({.solution_arn = solution}, ErrorCode::kInUse),
              HasSubstr("CREATE PENDING"));
  RunJobs();

  EXPECT_TRUE(Call<api::DeleteSolution>({.solution_arn = solution}));

  EXPECT_FALSE(Call<api::DescribeSolutionVersion>({.solution_version_arn = version}));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/models"));
}

}  // namespace
}  // namespace usher::personalize
