// Models that answer "which items are like this one": aws-sims, aws-similar-items and
// aws-semantic-similarity.
//
// Hold-out: a tenth of the users is set aside; from the newest item of each one's oldest 90 % the
//           model is to find the newest 10 %.
// Tuning:   as engine/tune.h says, by the same question about the newest tenth of the other users.
#pragma once

#include <optional>
#include <string>

#include "engine/item_training.h"
#include "engine/recipes.h"

namespace usher::engine {

// `info` has the complete hyperparameters, which tuning replaces; metrics and tuning are added.
// Errors: as of Train.
Result<void> TrainRelated(const Recipe& recipe, const TrainingData& data,
                          const std::string& model_folder, const TrainOptions& options,
                          ThreadPool& pool, ModelInfo& info, std::optional<TuningReport>& tuning);

// Errors: as of LoadModel.
Result<LoadedModel> LoadRelated(const std::string& folder, LoadedModel loaded,
                                recsys::Vocabulary items);

}  // namespace usher::engine
