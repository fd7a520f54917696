// Models of aws-trending-now: one list for all, items whose interactions grow fastest first. Held
// out for the metrics is the latest interval.
#pragma once

#include <string>

#include "engine/item_training.h"

namespace usher::engine {

// Errors: as of Train.
Result<void> TrainTrending(const TrainingData& data, const std::string& model_folder,
                           const TrainOptions& options, ModelInfo& info);

// Errors: as of LoadModel.
Result<LoadedModel> LoadTrending(const std::string& folder, LoadedModel loaded,
                                 recsys::Vocabulary items);

}  // namespace usher::engine
