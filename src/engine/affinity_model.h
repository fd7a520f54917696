// Models that answer "which users for this item": aws-item-affinity and
// aws-item-attribute-affinity. Held out for the metrics is everybody's newest fifth.
#pragma once

#include <string>

#include "engine/item_training.h"
#include "engine/recipes.h"

namespace usher::engine {

// Errors: as of Train.
Result<void> TrainAffinity(const Recipe& recipe, const TrainingData& data,
                           const std::string& model_folder, const TrainOptions& options,
                           ThreadPool& pool, ModelInfo& info);

// Errors: as of LoadModel.
Result<LoadedModel> LoadAffinity(const std::string& folder, LoadedModel loaded,
                                 recsys::Vocabulary users, recsys::Vocabulary items);

}  // namespace usher::engine
