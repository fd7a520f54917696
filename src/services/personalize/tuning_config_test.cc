#include "services/personalize/tuning_config.h"

#include "services/personalize/solutions.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class TuningConfigTest : public TestService {
 protected:
  TuningConfigTest() { ImportInteractions(); }

  static api::CreateSolutionRequest Request(const std::string& recipe, const std::string& name) {
    api::CreateSolutionRequest request;
    request.name = name;
    request.recipe_arn = RecipeArn(recipe);
    request.dataset_group_arn = Arn("dataset-group/movies");
    request.perform_hpo = true;
    return request;
  }
  // With ranges of the three kinds, all there as the API wants them.
  static api::CreateSolutionRequest WithRanges(
      std::vector<api::IntegerHyperParameterRange> integers,
      std::vector<api::ContinuousHyperParameterRange> reals = {},
      std::vector<api::CategoricalHyperParameterRange> choices = {}) {
    auto request = Request("aws-user-personalization", "films");
    auto& ranges = request.solution_config.emplace()
                       .hpo_config.emplace()
                       .algorithm_hyper_parameter_ranges.emplace();
    ranges.integer_hyper_parameter_ranges = std::move(integers);
    ranges.continuous_hyper_parameter_ranges = std::move(reals);
    ranges.categorical_hyper_parameter_ranges = std::move(choices);
    return request;
  }
  static api::CreateSolutionRequest WithResources(const std::string& jobs,
                                                  const std::string& parallel) {
    auto request = Request("aws-user-personalization", "films");
    request.solution_config.emplace().hpo_config.emplace().hpo_resource_config =
        api::HPOResourceConfig{.max_number_of_training_jobs = jobs,
                               .max_parallel_training_jobs = parallel};
    return request;
  }
  static api::IntegerHyperParameterRange Dimensions(std::int64_t min, std::int64_t max) {
    return {.name = "hidden_dimension", .min_value = min, .max_value = max};
  }
  std::string Refusal(const api::CreateSolutionRequest& request) {
    return Complaint<api::CreateSolution>(request, ErrorCode::kInvalidInput);
  }
};

TEST_F(TuningConfigTest, TrainsWithTunedParametersAndTellsThem) {
  auto request =
      WithRanges({Dimensions(33, 36)}, {}, {{.name = "recency_mask", .values = {{"true"}}}});
  request.solution_config->hpo_config->hpo_resource_config =
      api::HPOResourceConfig{.max_number_of_training_jobs = "3", .max_parallel_training_jobs = "2"};
  const auto created = Call<api::CreateSolution>(request);
  ASSERT_TRUE(created) << created.error().message;

  const std::string arn = Train(*created->solution_arn);

  const auto version =
      *Call<api::DescribeSolutionVersion>({.solution_version_arn = arn})->solution_version;
  ASSERT_EQ(version.status, "ACTIVE") << version.failure_reason.value_or("");
  EXPECT_EQ(version.perform_hpo, true);
  ASSERT_TRUE(version.tuned_hpo_params);
  const auto& tuned = *version.tuned_hpo_params->algorithm_hyper_parameters;
  EXPECT_THAT(tuned, testing::SizeIs(3));
  const int dimension = std::stoi(tuned.at("hidden_dimension"));
  EXPECT_TRUE(dimension >= 33 && dimension <= 36) << dimension;
  EXPECT_EQ(tuned.at("recency_mask"), "true");
  // What was found can be asked for.
  auto again = Request("aws-user-personalization", "again");
  again.perform_hpo = false;
  again.solution_config.emplace().algorithm_hyper_parameters = tuned;
  EXPECT_EQ(Refusal(again), "");
}

TEST_F(TuningConfigTest, WithoutItThereAreNoTunedParameters) {
  const std::string arn = Train(CreateSolution("films", "aws-user-personalization"));

  const auto version =
      *Call<api::DescribeSolutionVersion>({.solution_version_arn = arn})->solution_version;
  EXPECT_EQ(version.perform_hpo, false);
  EXPECT_FALSE(version.tuned_hpo_params);
}

TEST_F(TuningConfigTest, DescribesTheDefaultsOfItsResources) {
  ASSERT_TRUE(Call<api::CreateSolution>(Request("aws-personalized-ranking", "films")));

  const auto solution =
      *Call<api::DescribeSolution>({.solution_arn = Arn("solution/films")})->solution;

  EXPECT_EQ(solution.perform_hpo, true);
  const auto& resources = *solution.solution_config->hpo_config->hpo_resource_config;
  EXPECT_EQ(resources.max_number_of_training_jobs, "20");
  EXPECT_EQ(resources.max_parallel_training_jobs, "1");
}

TEST_F(TuningConfigTest, TunesTheRecipesThatAnswerForItems) {
  for (const std::string recipe : {"aws-sims", "aws-similar-items"}) {
    auto request = Request(recipe, recipe);
    auto& hpo = request.solution_config.emplace().hpo_config.emplace();
    hpo.hpo_resource_config = api::HPOResourceConfig{.max_number_of_training_jobs = "3"};
    if (recipe == "aws-sims") {
      hpo.algorithm_hyper_parameter_ranges.emplace().continuous_hyper_parameter_ranges = {
          {.name = "popularity_discount_factor", .min_value = 0.2, .max_value = 0.4}};
    }
    const auto created = Call<api::CreateSolution>(request);
    ASSERT_TRUE(created) << created.error().message;

    const std::string arn = Train(*created->solution_arn);

    const auto version =
        *Call<api::DescribeSolutionVersion>({.solution_version_arn = arn})->solution_version;
    ASSERT_EQ(version.status, "ACTIVE") << version.failure_reason.value_or("");
    ASSERT_TRUE(version.tuned_hpo_params);
    const auto& tuned = *version.tuned_hpo_params->algorithm_hyper_parameters;
    EXPECT_THAT(tuned, testing::SizeIs(2));
    if (recipe == "aws-sims") {
      const double discount = std::stod(tuned.at("popularity_discount_factor"));
      EXPECT_TRUE(discount >= 0.2 && discount <= 0.4) << discount;
    } else {
      EXPECT_EQ(tuned.at("item_id_hidden_dim"), "100");
    }
  }
}

TEST_F(TuningConfigTest, RefusesRecipesWithoutIt) {
  EXPECT_THAT(Refusal(Request("aws-popularity-count", "films")),
              HasSubstr("performHPO is not supported for recipe aws-popularity-count; it is for: "
                        "aws-user-personalization, aws-personalized-ranking"));
}

TEST_F(TuningConfigTest, RefusesAConfigurationWithoutPerformHpo) {
  auto request = WithRanges({});
  request.perform_hpo = false;

  EXPECT_THAT(Refusal(request), HasSubstr("hpoConfig needs performHPO to be true"));
}

TEST_F(TuningConfigTest, RefusesRangesThatTheRecipeDoesNotTune) {
  EXPECT_THAT(Refusal(WithRanges({Dimensions(8, 64)})), HasSubstr("within 32 to 256"));
  EXPECT_THAT(Refusal(WithRanges({Dimensions(64, 32)})), HasSubstr("ends before that"));
  EXPECT_THAT(Refusal(WithRanges({{.name = "depth", .min_value = 1, .max_value = 2}})),
              HasSubstr("algorithmHyperParameterRanges has 'depth', which recipe "
                        "aws-user-personalization does not tune; it tunes: hidden_dimension, bptt, "
                        "recency_mask"));
  EXPECT_THAT(
      Refusal(WithRanges(
          {}, {{.name = "min_user_history_length_percentile", .min_value = 0, .max_value = 1}})),
      HasSubstr("does not tune"));
  EXPECT_THAT(
      Refusal(WithRanges({}, {{.name = "hidden_dimension", .min_value = 32, .max_value = 64}})),
      HasSubstr("must be of integers"));
  EXPECT_THAT(Refusal(WithRanges({}, {}, {{.name = "recency_mask", .values = {{"perhaps"}}}})),
              HasSubstr("'perhaps'"));
}

TEST_F(TuningConfigTest, RefusesCountsOverTheLimits) {
  EXPECT_THAT(Refusal(WithResources("41", "1")),
              HasSubstr("maxNumberOfTrainingJobs is '41', but must be an integer from 1 to 40"));
  EXPECT_THAT(Refusal(WithResources("many", "1")), HasSubstr("'many'"));
  EXPECT_THAT(Refusal(WithResources("0", "1")), HasSubstr("from 1 to 40"));
  EXPECT_THAT(Refusal(WithResources("1", "11")),
              HasSubstr("maxParallelTrainingJobs is '11', but must be an integer from 1 to 10"));
}

TEST_F(TuningConfigTest, TakesAnObjectiveThatItKnows) {
  auto request = Request("aws-user-personalization", "films");
  auto& objective = request.solution_config.emplace().hpo_config.emplace().hpo_objective.emplace();
  objective.metric_name = "clicks";
  EXPECT_THAT(Refusal(request), HasSubstr("'clicks' is none of: mean_reciprocal_rank_at_25"));
  objective.metric_name = "precision_at_10";
  objective.type = "sideways";
  EXPECT_THAT(Refusal(request), HasSubstr("must be Maximize or Minimize"));
  objective.type = "Maximize";
  objective.metric_regex = ".*";
  EXPECT_THAT(Refusal(request), HasSubstr("metricRegex is not supported"));
  objective.metric_regex.reset();
  EXPECT_EQ(Refusal(request), "");
}

TEST(TuningRequest, IsReadBackAsItWasWritten) {
  api::SolutionConfig config;
  auto& hpo = config.hpo_config.emplace();
  hpo.hpo_objective = api::HPOObjective{.type = "minimize", .metric_name = "precision_at_5"};
  hpo.hpo_resource_config = api::HPOResourceConfig{.max_number_of_training_jobs = "7"};
  auto& ranges = hpo.algorithm_hyper_parameter_ranges.emplace();
  ranges.integer_hyper_parameter_ranges = {{.name = "a", .min_value = 1, .max_value = 9}};
  ranges.continuous_hyper_parameter_ranges = {{.name = "b", .min_value = 0.5, .max_value = 1}};
  ranges.categorical_hyper_parameter_ranges = {{.name = "c", .values = {{"True", "false"}}}};

  const engine::TuningOptions options = TuningOf(*json::Parse(json::Write(TuningRequest(config))));

  using Range = recsys::ParameterRange;
  EXPECT_EQ(options.trials, 7);
  EXPECT_EQ(options.objective, "precision_at_5");
  EXPECT_FALSE(options.maximize);
  EXPECT_THAT(
      options.ranges,
      testing::ElementsAre(Range{"a", Range::Kind::kInteger, 1, 9, false, {}},
                           Range{"b", Range::Kind::kContinuous, 0.5, 1, false, {}},
                           Range{"c", Range::Kind::kCategorical, 0, 0, false, {"true", "false"}}));
}

}  // namespace
}  // namespace usher::personalize
