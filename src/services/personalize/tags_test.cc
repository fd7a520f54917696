#include "services/personalize/tags.h"

#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class TagsTest : public TestService {
 protected:
  std::string group_ = Arn("dataset-group/movies");
  std::map<std::string, std::string> Tags() {
    std::map<std::string, std::string> tags;
    const auto response = Call<api::ListTagsForResource>({.resource_arn = group_});
    for (const api::Tag& tag : *response->tags) {
      tags[tag.tag_key] = tag.tag_value;
    }
    return tags;
  }
};

TEST_F(TagsTest, AreGivenAtCreationChangedAndTakenAway) {
  ASSERT_TRUE(Call<api::CreateDatasetGroup>(
      {.name = "movies", .tags = std::vector<api::Tag>{{.tag_key = "team", .tag_value = "a"}}}));
  ASSERT_TRUE(Call<api::TagResource>({.resource_arn = group_,
                                      .tags = {{.tag_key = "team", .tag_value = "b"},
                                               {.tag_key = "stage", .tag_value = "test"}}}));
  EXPECT_EQ(Tags(), (std::map<std::string, std::string>{{"stage", "test"}, {"team", "b"}}));

  ASSERT_TRUE(
      Call<api::UntagResource>({.resource_arn = group_, .tag_keys = {"team", "never-given"}}));

  EXPECT_EQ(Tags(), (std::map<std::string, std::string>{{"stage", "test"}}));
}

TEST_F(TagsTest, EndAtFiftyAndWithTheirResource) {
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
  std::vector<api::Tag> tags;
  for (int i = 0; i < 51; ++i)
    tags.push_back({.tag_key = "k" + std::to_string(i), .tag_value = ""});
  EXPECT_EQ(Call<api::TagResource>({.resource_arn = group_, .tags = tags}).error().wire_name,
            "TooManyTagsException");
  EXPECT_TRUE(Tags().empty());
  tags.resize(2);
  ASSERT_TRUE(Call<api::TagResource>({.resource_arn = group_, .tags = tags}));

  ASSERT_TRUE(Call<api::DeleteDatasetGroup>({.dataset_group_arn = group_}));

  EXPECT_THAT(Complaint<api::ListTagsForResource>({.resource_arn = group_}, ErrorCode::kNotFound),
              HasSubstr(group_));
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
  EXPECT_TRUE(Tags().empty());
}

TEST_F(TagsTest, RefuseAKeyGivenTwice) {
  EXPECT_THAT(Complaint<api::CreateDatasetGroup>(
                  {.name = "movies",
                   .tags = std::vector<api::Tag>{{.tag_key = "a", .tag_value = "1"},
                                                 {.tag_key = "a", .tag_value = "2"}}},
                  ErrorCode::kInvalidInput),
              HasSubstr("'a' is given more than once"));
}

class RecipeOperationsTest : public TestService {};

TEST_F(RecipeOperationsTest, ListAndDescribeWhatIsBuiltIn) {
  std::vector<std::string> names;
  std::optional<std::string> token;
  do {
    const auto page = Call<api::ListRecipes>({.next_token = token, .max_results = 10});
    for (const auto& recipe : *page->recipes) names.push_back(*recipe.name);
    token = page->next_token;
  } while (token);
  EXPECT_EQ(names.size(), 25U);
  EXPECT_EQ(Call<api::ListRecipes>({.domain = "ECOMMERCE"})->recipes->size(), 5U);

  const auto recipe =
      Call<api::DescribeRecipe>({.recipe_arn = RecipeArn("aws-user-personalization")})->recipe;
  EXPECT_EQ(recipe->recipe_type, "USER_PERSONALIZATION");
  const auto algorithm =
      Call<api::DescribeAlgorithm>({.algorithm_arn = *recipe->algorithm_arn})->algorithm;
  EXPECT_EQ(algorithm->default_hyper_parameters->at("hidden_dimension"), "149");
  EXPECT_EQ(algorithm->default_hyper_parameter_ranges->integer_hyper_parameter_ranges->size(), 2U);
  EXPECT_TRUE(Call<api::DescribeFeatureTransformation>(
      {.feature_transformation_arn = *recipe->feature_transformation_arn}));
  EXPECT_FALSE(Call<api::DescribeRecipe>({.recipe_arn = RecipeArn("aws-none")}));
}

}  // namespace
}  // namespace usher::personalize
