#include "engine/recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::engine {
namespace {

using testing::HasSubstr;

TEST(FindRecipe, RefusesAnotherRecipeAndNamesThoseItHas) {
  EXPECT_TRUE(FindRecipe("aws-popularity-count"));
  const auto got = FindRecipe("aws-hrnn");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(
      got.error().message,
      HasSubstr("aws-user-personalization, aws-personalized-ranking, aws-user-personalization-v2"));
}

TEST(CompleteHyperparameters, FillsInDefaultsThatAreValidThemselves) {
  for (const Recipe& recipe : TrainableRecipes()) {
    const auto defaults = CompleteHyperparameters(recipe, {});
    ASSERT_TRUE(defaults);
    EXPECT_EQ(defaults->size(), recipe.hyperparameters.size());
    EXPECT_TRUE(CompleteHyperparameters(recipe, *defaults)) << recipe.name;
  }
}

TEST(CompleteHyperparameters, TakesValuesWithinTheirRanges) {
  const Recipe& recipe = **FindRecipe("aws-user-personalization");
  for (const auto& [name, value] :
       Hyperparameters{{"hidden_dimension", "32"},
                       {"hidden_dimension", "256"},
                       {"bptt", "2"},
                       {"recency_mask", "false"},
                       {"max_user_history_length_percentile", "0.99"}}) {
    const auto got = CompleteHyperparameters(recipe, {{name, value}});
    ASSERT_TRUE(got) << name;
    EXPECT_EQ(got->at(name), value);
  }
}

TEST(CompleteHyperparameters, RefusesWhatIsUnknownOrOutOfRange) {
  const Recipe& recipe = **FindRecipe("aws-user-personalization");
  using Given = std::pair<const char*, const char*>;
  for (const auto& [name, value] :
       {Given{"hidden_dimension", "31"}, Given{"hidden_dimension", "257"},
        Given{"hidden_dimension", "64.5"}, Given{"hidden_dimension", "64x"},
        Given{"hidden_dimension", ""}, Given{"hidden_dimension", "nan"}, Given{"bptt", "1"},
        Given{"recency_mask", "yes"}, Given{"min_user_history_length_percentile", "1.5"},
        Given{"no_such_thing", "1"}}) {
    const auto got = CompleteHyperparameters(recipe, {{name, value}});
    ASSERT_FALSE(got) << name << "=" << value;
    EXPECT_EQ(got.error().code, ErrorCode::kInvalidInput);
    EXPECT_THAT(got.error().message, HasSubstr(name));
  }
  EXPECT_FALSE(
      CompleteHyperparameters(**FindRecipe("aws-popularity-count"), {{"hidden_dimension", "64"}}));
}

TEST(CompleteHyperparameters, TakesBooleansInAnyCaseAndKeepsOneSpelling) {
  const Recipe& recipe = **FindRecipe("aws-user-personalization-v2");
  for (const char* text : {"True", "TRUE", "true"}) {
    EXPECT_EQ(
        CompleteHyperparameters(recipe, {{"apply_recency_bias", text}})->at("apply_recency_bias"),
        "true");
  }
  EXPECT_EQ(
      CompleteHyperparameters(recipe, {{"apply_recency_bias", "False"}})->at("apply_recency_bias"),
      "false");
  for (const char* text : {"yes", "1", "", "true "}) {
    EXPECT_FALSE(CompleteHyperparameters(recipe, {{"apply_recency_bias", text}})) << text;
  }
}

}  // namespace
}  // namespace usher::engine
