#include "services/personalize/solution_versions.h"

#include "engine/model_folder.h"
#include "services/personalize/files.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CreateSolutionVersionTest : public TestService {};

TEST_F(CreateSolutionVersionTest, TrainsAModelWithMetrics) {
  ImportInteractions();
  const std::string solution = CreateSolution("films", "aws-user-personalization");

  const std::string version = Train(solution);

  const auto described =
      Call<api::DescribeSolutionVersion>({.solution_version_arn = version})->solution_version;
  EXPECT_EQ(described->status, "ACTIVE") << described->failure_reason.value_or("");
  EXPECT_THAT(version, testing::MatchesRegex(".*:solution/films/[0-9a-f]{8}"));
  EXPECT_GT(described->training_hours, 0);
  const auto metrics = Call<api::GetSolutionMetrics>({.solution_version_arn = version})->metrics;
  EXPECT_GT(metrics->at("normalized_discounted_cumulative_gain_at_10"), 0);
  EXPECT_LE(metrics->at("coverage"), 1);
  const auto latest =
      Call<api::DescribeSolution>({.solution_arn = solution})->solution->latest_solution_version;
  EXPECT_EQ(latest->solution_version_arn, version);
}

TEST_F(CreateSolutionVersionTest, NeedsImportedInteractions) {
  CreateInteractions();
  const std::string solution = CreateSolution("films", "aws-user-personalization");

  EXPECT_THAT(
      Complaint<api::CreateSolutionVersion>({.solution_arn = solution}, ErrorCode::kInvalidInput),
      HasSubstr("has no interactions yet: import them"));
}

TEST_F(CreateSolutionVersionTest, FailsForTooFewReturningUsersWithTheServicesWords) {
  CreateInteractions();
  objects_["few.csv"] = "USER_ID,ITEM_ID,TIMESTAMP\n";
  for (int row = 0; row < 1200; ++row) {
    // 20 users with many interactions and many with one.
    const std::string user =
        row < 400 ? "u" + std::to_string(row % 20) : "once" + std::to_string(row);
    objects_["few.csv"] +=
        user + ",i" + std::to_string(row % 37) + "," + std::to_string(1'600'000'000 + row) + "\n";
  }
  ASSERT_TRUE(Import("few", "few.csv"));
  RunJobs();

  const std::string version = Train(CreateSolution("films", "aws-user-personalization"));

  const auto described =
      Call<api::DescribeSolutionVersion>({.solution_version_arn = version})->solution_version;
  EXPECT_EQ(described->status, "CREATE FAILED");
  EXPECT_THAT(
      *described->failure_reason,
      StartsWith(
          "Create failed. Dataset has fewer than 25 users with at least 2 interactions each."));
  EXPECT_THAT(
      Complaint<api::GetSolutionMetrics>({.solution_version_arn = version}, ErrorCode::kInUse),
      HasSubstr("not ACTIVE but CREATE FAILED"));
}

TEST_F(CreateSolutionVersionTest, RefusesOtherTrainingModes) {
  ImportInteractions();
  const std::string solution = CreateSolution("films", "aws-user-personalization");

  EXPECT_THAT(
      Complaint<api::CreateSolutionVersion>(
          {.solution_arn = solution, .training_mode = "AUTOTRAIN"}, ErrorCode::kInvalidInput),
      HasSubstr("use FULL or UPDATE"));
}

TEST_F(CreateSolutionVersionTest, UpdatesTheNewestFullVersionWithNewInteractions) {
  ImportInteractions();
  const std::string solution = CreateSolution("films", "aws-user-personalization");
  const std::string full = Train(solution);
  objects_["more.csv"] = "USER_ID,ITEM_ID,TIMESTAMP\n";
  for (int row = 0; row < 1000; ++row) {  // the least that an import takes
    objects_["more.csv"] += "u" + std::to_string(row % 60) + ",fresh" + std::to_string(row % 3) +
                            "," + std::to_string(1'600'100'000 + row) + "\n";
  }
  ASSERT_TRUE(Import("second", "more.csv", "INCREMENTAL"));
  RunJobs();

  const auto created =
      Call<api::CreateSolutionVersion>({.solution_arn = solution, .training_mode = "UPDATE"});
  ASSERT_TRUE(created) << created.error().message;
  const std::string update = *created->solution_version_arn;
  RunJobs();

  const auto described =
      Call<api::DescribeSolutionVersion>({.solution_version_arn = update})->solution_version;
  EXPECT_EQ(described->status, "ACTIVE") << described->failure_reason.value_or("");
  EXPECT_EQ(described->training_mode, "UPDATE");
  const auto metrics_of = [&](const std::string& version) {
    return *Call<api::GetSolutionMetrics>({.solution_version_arn = version})->metrics;
  };
  EXPECT_EQ(metrics_of(update), metrics_of(full));
  const auto info_of = [&](const std::string& version) {
    const auto stored = service_.catalog.Find<api::SolutionVersion>(version);
    return *engine::ReadModelInfo(ModelFolder(service_, *stored)->string());
  };
  EXPECT_EQ(info_of(update).items, info_of(full).items + 3);
  ASSERT_TRUE(info_of(update).update);
  EXPECT_EQ(info_of(update).update->new_items, 3U);

  // The next one continues from the full version again.
  const auto next =
      Call<api::CreateSolutionVersion>({.solution_arn = solution, .training_mode = "UPDATE"});
  ASSERT_TRUE(next);
  RunJobs();
  EXPECT_EQ(StatusOf(*next->solution_version_arn), "ACTIVE");
  EXPECT_EQ(info_of(*next->solution_version_arn).update->updates, 1U);
}

TEST_F(CreateSolutionVersionTest, UpdatesOnlyWhatCanBeContinued) {
  ImportInteractions();
  const std::string solution = CreateSolution("films", "aws-user-personalization");
  const api::CreateSolutionVersionRequest request{.solution_arn = solution,
                                                  .training_mode = "UPDATE"};
  EXPECT_THAT(Complaint<api::CreateSolutionVersion>(request, ErrorCode::kInvalidInput),
              HasSubstr("has none: use FULL"));
  // One that is not ACTIVE yet does not count.
  ASSERT_TRUE(Call<api::CreateSolutionVersion>({.solution_arn = solution}));
  EXPECT_THAT(Complaint<api::CreateSolutionVersion>(request, ErrorCode::kInvalidInput),
              HasSubstr("has none: use FULL"));
  RunJobs();
  EXPECT_TRUE(Call<api::CreateSolutionVersion>(request));

  const std::string popular = CreateSolution("popular", "aws-popularity-count");
  Train(popular);
  EXPECT_THAT(Complaint<api::CreateSolutionVersion>(
                  {.solution_arn = popular, .training_mode = "UPDATE"}, ErrorCode::kInvalidInput),
              HasSubstr("is for recipe aws-user-personalization"));
}

class StopSolutionVersionCreationTest : public TestService {};

TEST_F(StopSolutionVersionCreationTest, StopsAWaitingVersionAtOnceAndNoneThatIsOver) {
  ImportInteractions();
  const std::string solution = CreateSolution("films", "aws-popularity-count");
  const std::string version =
      *Call<api::CreateSolutionVersion>({.solution_arn = solution})->solution_version_arn;
  EXPECT_THAT(Complaint<api::CreateCampaign>({.name = "c", .solution_version_arn = version},
                                             ErrorCode::kInUse),
              HasSubstr("is not ACTIVE but CREATE PENDING"));

  ASSERT_TRUE(Call<api::StopSolutionVersionCreation>({.solution_version_arn = version}));

  EXPECT_EQ(StatusOf(version), "CREATE STOPPED");
  EXPECT_THAT(queue_.stops, testing::ElementsAre("personalize.train " + version));
  RunJobs();  // had the job begun in this moment, it would find that it was stopped
  EXPECT_EQ(StatusOf(version), "CREATE STOPPED");
  EXPECT_THAT(Complaint<api::StopSolutionVersionCreation>({.solution_version_arn = version},
                                                          ErrorCode::kInUse),
              HasSubstr("is CREATE STOPPED"));
}

class ListSolutionVersionsTest : public TestService {};

TEST_F(ListSolutionVersionsTest, PagesThroughThoseOfOneSolution) {
  ImportInteractions();
  const std::string films = CreateSolution("films", "aws-popularity-count");
  const std::string other = CreateSolution("other", "aws-popularity-count");
  std::vector<std::string> versions;
  for (int i = 0; i < 3; ++i) versions.push_back(Train(films));
  Train(other);

  const auto first = Call<api::ListSolutionVersions>({.solution_arn = films, .max_results = 2});
  const auto rest = Call<api::ListSolutionVersions>(
      {.solution_arn = films, .next_token = first->next_token, .max_results = 2});

  ASSERT_EQ(first->solution_versions->size(), 2U);
  ASSERT_EQ(rest->solution_versions->size(), 1U);
  EXPECT_EQ(rest->solution_versions->front().solution_version_arn, versions[2]);
  EXPECT_FALSE(rest->next_token);
  EXPECT_FALSE(Call<api::ListSolutionVersions>({.solution_arn = films, .next_token = "nonsense"}));
  EXPECT_EQ(Call<api::ListSolutionVersions>({.solution_arn = films, .next_token = "nonsense"})
                .error()
                .code,
            ErrorCode::kInvalidNextToken);
}

}  // namespace
}  // namespace usher::personalize
