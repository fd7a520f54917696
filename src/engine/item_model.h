// Models that answer questions about items instead of users: trained, published and loaded.
//
//   aws-sims, aws-similar-items, aws-semantic-similarity   items like an item (LoadedModel.related)
//   aws-item-affinity, aws-item-attribute-affinity         users for items (LoadedModel.segments)
//   aws-trending-now                                       a list for all      (LoadedModel.model)
//
// Catalogue: the items of the interactions, in their order, and then those that only the metadata
//            knows.
// Hold-out:  related items: a tenth of the users is set aside; from the newest item of each one's
//            oldest 90 % the model is to find the newest 10 %. Affinities: everybody's newest fifth
//            is held out. Trending: the latest interval.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/interactions_file.h"
#include "engine/model_folder.h"
#include "engine/recipes.h"
#include "engine/train.h"

namespace usher::engine {

[[nodiscard]] bool IsItemRecipe(RecipeKind kind);
// False for a recipe that learns from the items' metadata alone.
[[nodiscard]] bool NeedsInteractions(RecipeKind kind);

// `complete` are hyperparameters with defaults. Errors as of Train.
Result<TrainResult> TrainItemModel(const Recipe& recipe, const Hyperparameters& complete,
                                   InteractionTable table, const std::string& model_folder,
                                   const TrainOptions& options);

// Completes `loaded`, whose info and kind are there. Errors as of LoadModel.
Result<LoadedModel> LoadItemModel(const std::string& folder, LoadedModel loaded);

}  // namespace usher::engine
