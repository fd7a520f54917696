#include "services/personalize/recipes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "engine/recipes.h"
#include "engine/train.h"
#include "engine/tune.h"

namespace usher::personalize {
namespace {

const Hyperparameter& Parameter(const char* recipe, std::string_view name) {
  const Recipe* found = FindRecipe(std::string("arn:aws:personalize:::recipe/") + recipe);
  for (const auto list : {found->hyperparameters, found->featurization}) {
    for (const Hyperparameter& parameter : list) {
      if (parameter.name == name) return parameter;
    }
  }
  ADD_FAILURE() << recipe << " has no " << name;
  return found->hyperparameters.front();
}

TEST(Recipes, HaveNamesOfTheirOwnAndValidDefaults) {
  std::set<std::string_view> names;
  for (const Recipe& recipe : AllRecipes()) {
    EXPECT_TRUE(names.insert(recipe.name).second) << recipe.name;
    for (const auto list : {recipe.hyperparameters, recipe.featurization}) {
      for (const Hyperparameter& parameter : list) {
        EXPECT_EQ(Violation(parameter, parameter.default_value), std::nullopt) << recipe.name;
      }
    }
  }
  for (const engine::Recipe& recipe : engine::TrainableRecipes()) {
    EXPECT_NE(TrainableRecipes().find(recipe.name), std::string::npos) << recipe.name;
  }
  EXPECT_EQ(TrainableRecipes().find("aws-hrnn"), std::string::npos);
}

// A client's values pass here and then reach the engine: it must take them all.
TEST(Recipes, HaveTheRangesOfTheEngine) {
  for (const engine::Recipe& trained : engine::TrainableRecipes()) {
    const Recipe* recipe = FindRecipe("arn:aws:personalize:::recipe/" + std::string(trained.name));
    ASSERT_NE(recipe, nullptr) << trained.name;
    EXPECT_TRUE(recipe->successor.empty());
    for (const auto list : {recipe->hyperparameters, recipe->featurization}) {
      for (const Hyperparameter& parameter : list) {
        const auto taken = std::ranges::find(trained.hyperparameters, parameter.name,
                                             &engine::HyperparameterSpec::name);
        ASSERT_NE(taken, trained.hyperparameters.end()) << recipe->name << " " << parameter.name;
        if (parameter.kind == HyperparameterKind::kChoice) {
          EXPECT_TRUE(std::ranges::equal(taken->choices, parameter.choices)) << parameter.name;
        } else if (parameter.kind != HyperparameterKind::kBoolean) {
          EXPECT_EQ(taken->min, parameter.min) << parameter.name;
          EXPECT_EQ(taken->max, parameter.max) << parameter.name;
        }
      }
    }
  }
}

TEST(Recipes, AreFoundByTheirWholeArnOnly) {
  EXPECT_NE(FindRecipe("arn:aws:personalize:::recipe/aws-sims"), nullptr);
  EXPECT_EQ(FindRecipe("aws-sims"), nullptr);
  EXPECT_EQ(FindRecipe("arn:aws:personalize:::recipe/aws-sims2"), nullptr);
}

TEST(Violation, NamesValueAndRange) {
  const Hyperparameter& rank = Parameter("aws-user-personalization", "hidden_dimension");

  EXPECT_EQ(Violation(rank, "32"), std::nullopt);
  EXPECT_EQ(Violation(rank, "256"), std::nullopt);
  EXPECT_EQ(*Violation(rank, "31"),
            "hidden_dimension is '31', but must be an integer from 32 to 256");
  EXPECT_TRUE(Violation(rank, "64.5"));
  EXPECT_TRUE(Violation(rank, "64 "));
  EXPECT_TRUE(Violation(rank, ""));
  const Hyperparameter& percentile =
      Parameter("aws-user-personalization", "max_user_history_length_percentile");
  EXPECT_EQ(*Violation(percentile, "nan"),
            "max_user_history_length_percentile is 'nan', but must be a number from 0 to 1");
  const Hyperparameter& mask = Parameter("aws-user-personalization", "recency_mask");
  EXPECT_EQ(Violation(mask, "True"), std::nullopt);
  EXPECT_EQ(*Violation(mask, "yes"), "recency_mask is 'yes', but must be true or false");
  const Hyperparameter& interval = Parameter("aws-trending-now", "trend_discovery_frequency");
  EXPECT_TRUE(Violation(interval, "2 weeks"));
}

// The published defaults differ from the engine's; everything else is one and the same.
TEST(Recipes, AreWhatTheEngineTrains) {
  using Type = engine::HyperparameterSpec::Type;
  constexpr std::array kTypeOf{Type::kInt, Type::kFloat, Type::kBool, Type::kChoice};  // by kind
  std::size_t trainable = 0;
  for (const Recipe& recipe : AllRecipes()) {
    if (!IsTrainable(recipe)) continue;
    ++trainable;
    const engine::Recipe& engine_recipe = **engine::FindRecipe(recipe.name);
    EXPECT_EQ(recipe.weighs_events, recipe.name.ends_with("-v2"));
    EXPECT_TRUE(!recipe.weighs_events || engine::LearnsFromWeights(engine_recipe.kind));
    for (const auto& parameters : {recipe.hyperparameters, recipe.featurization}) {
      for (const Hyperparameter& parameter : parameters) {
        SCOPED_TRACE(std::string(recipe.name) + " " + std::string(parameter.name));
        const auto spec = std::ranges::find(engine_recipe.hyperparameters, parameter.name,
                                            &engine::HyperparameterSpec::name);
        ASSERT_NE(spec, engine_recipe.hyperparameters.end());
        EXPECT_EQ(spec->type, kTypeOf[static_cast<std::size_t>(parameter.kind)]);
        EXPECT_EQ(spec->min, parameter.min);
        EXPECT_TRUE(spec->type == Type::kBool || spec->max == parameter.max);
        EXPECT_TRUE(std::ranges::equal(spec->choices, parameter.choices));
        EXPECT_TRUE(engine::CompleteHyperparameters(
            engine_recipe, {{std::string(parameter.name), std::string(parameter.default_value)}}));
        // What the API tunes the engine can be told to tune, and nothing else of the API's.
        recsys::ParameterRange range{.name = std::string(parameter.name), .values = {"true"}};
        range.min = parameter.min;
        range.max = parameter.max;
        range.kind = spec->type == Type::kInt    ? recsys::ParameterRange::Kind::kInteger
                     : spec->type == Type::kBool ? recsys::ParameterRange::Kind::kCategorical
                                                 : recsys::ParameterRange::Kind::kContinuous;
        EXPECT_EQ(engine::TuningRanges(engine_recipe, {}, {range}).has_value(), parameter.tunable);
      }
    }
  }
  EXPECT_EQ(trainable, engine::TrainableRecipes().size());
}

}  // namespace
}  // namespace usher::personalize
