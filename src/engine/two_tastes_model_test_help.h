// TwoTastesModel: a small trained model of any recipe for tests, of the users and items of
// TwoTastes.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/temp_folder.h"
#include "engine/model_folder.h"
#include "engine/train.h"
#include "engine/two_tastes.h"

namespace usher::engine {

class TwoTastesModel : public testing::Test {
 protected:
  // 60 users, 40 items; recipes with a rank get the smallest.
  LoadedModel TrainRecipe(const std::string& recipe) {
    TrainOptions options;
    options.recipe = recipe;
    if (recipe == "aws-user-personalization" || recipe == "aws-personalized-ranking") {
      options.hyperparameters = {{"hidden_dimension", "32"}};
    }
    const std::string path = folder_.path() + "/" + recipe;
    const auto trained = TrainOnTable(TwoTastes(60, 40, 0.5), path, options);
    EXPECT_TRUE(trained);
    auto loaded = LoadModel(path);
    EXPECT_TRUE(loaded);
    return *std::move(loaded);
  }

  TempFolder folder_;
};

}  // namespace usher::engine
