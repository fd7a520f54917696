#include "services/personalize/dataset_groups.h"

#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DatasetGroupTest : public TestService {
 protected:
  std::vector<std::string> Names(const std::optional<std::vector<api::DatasetGroupSummary>>& list) {
    std::vector<std::string> names;
    for (const auto& group : *list) names.push_back(*group.name);
    return names;
  }
};

TEST_F(DatasetGroupTest, IsDescribedAsItWasAskedFor) {
  const auto created =
      Call<api::CreateDatasetGroup>({.name = "movies", .domain = "VIDEO_ON_DEMAND"});
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->dataset_group_arn, Arn("dataset-group/movies"));
  EXPECT_EQ(created->domain, "VIDEO_ON_DEMAND");

  const auto group =
      Call<api::DescribeDatasetGroup>({.dataset_group_arn = Arn("dataset-group/movies")})
          ->dataset_group;
  EXPECT_EQ(group->name, "movies");
  EXPECT_EQ(group->domain, "VIDEO_ON_DEMAND");
  EXPECT_EQ(group->status, "ACTIVE");
  EXPECT_EQ(group->creation_date_time, clock_.Now());
  EXPECT_EQ(group->failure_reason, std::nullopt);
}

TEST_F(DatasetGroupTest, HasANameOfItsOwn) {
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
  EXPECT_EQ(Complaint<api::CreateDatasetGroup>({.name = "movies"}, ErrorCode::kAlreadyExists),
            "Another resource with Arn " + Arn("dataset-group/movies") + " already exists.");
}

TEST_F(DatasetGroupTest, TakesAKeyOnlyWithTheRoleThatMayUseIt) {
  EXPECT_THAT(Complaint<api::CreateDatasetGroup>({.name = "movies", .role_arn = kRole},
                                                 ErrorCode::kInvalidInput),
              HasSubstr("together"));
}

TEST_F(DatasetGroupTest, UnknownArnsAreNotFound) {
  const std::string words = "Resource Arn " + Arn("dataset-group/none") + " does not exist.";
  EXPECT_EQ(Complaint<api::DescribeDatasetGroup>({.dataset_group_arn = Arn("dataset-group/none")},
                                                 ErrorCode::kNotFound),
            words);
  EXPECT_EQ(Complaint<api::DeleteDatasetGroup>({.dataset_group_arn = Arn("dataset-group/none")},
                                               ErrorCode::kNotFound),
            words);
}

TEST_F(DatasetGroupTest, AreListedInPagesInTheOrderOfCreation) {
  for (const char* name : {"one", "two", "three"}) {
    ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = name}));
  }

  const auto first = Call<api::ListDatasetGroups>({.max_results = 2});
  EXPECT_THAT(Names(first->dataset_groups), ElementsAre("one", "two"));
  ASSERT_TRUE(first->next_token);
  const auto second =
      Call<api::ListDatasetGroups>({.next_token = first->next_token, .max_results = 2});
  EXPECT_THAT(Names(second->dataset_groups), ElementsAre("three"));
  EXPECT_EQ(second->next_token, std::nullopt);
}

TEST_F(DatasetGroupTest, RefusesTokensThatItDidNotMake) {
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "one"}));
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "two"}));
  const auto page = Call<api::ListDatasetGroups>({.max_results = 1});

  EXPECT_THAT(
      Complaint<api::ListDatasetGroups>({.next_token = "nonsense"}, ErrorCode::kInvalidNextToken),
      HasSubstr("not valid"));
  EXPECT_THAT(
      Complaint<api::ListSchemas>({.next_token = page->next_token}, ErrorCode::kInvalidNextToken),
      HasSubstr("not valid"))
      << "a token of one list is none of another";
}

// What two requests do at the same time shows only in the commit: here the check of one has been
// before the commit of the other.
TEST_F(DatasetGroupTest, NothingIsCreatedInAGroupThatIsGone) {
  CreateInteractions();
  const Catalog& catalog = service_.catalog;
  const auto group = catalog.Find<api::DatasetGroup>(Arn("dataset-group/movies"));
  storage::Batch deletion;
  catalog.RequireNoneUnder<api::Dataset>(deletion, Arn("dataset-group/movies"));
  catalog.Delete(deletion, *group);

  const auto refused = catalog.Commit(deletion);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInUse);

  storage::Batch creation;
  catalog.Require<api::DatasetGroup>(creation, Arn("dataset-group/gone"));
  creation.Create("k", "x", "", "{}");
  const auto missing = catalog.Commit(creation);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message,
            "Resource Arn " + Arn("dataset-group/gone") + " does not exist.");
}

}  // namespace
}  // namespace usher::personalize
