// What the models of engine/item_model.h learn from, and what their files share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/result.h"
#include "engine/catalogue.h"
#include "engine/interactions_file.h"
#include "engine/model_folder.h"
#include "engine/train.h"
#include "recsys/interactions/interactions.h"

namespace usher::engine {

struct TrainingData {
  Catalogue catalogue;
  recsys::Interactions interactions;
  // As the rows came: users may meet an item several times.
  std::vector<std::uint32_t> row_item;
  std::vector<std::int64_t> row_time;
};

// Errors: those of BuildCatalogue.
Result<TrainingData> Gather(InteractionTable table, const TrainOptions& options, ThreadPool& pool);

// Of everything that a training depends on.
[[nodiscard]] std::string HashOf(const TrainingData& data);

// How many users met each item.
[[nodiscard]] std::vector<std::uint32_t> CountOfItems(const recsys::Interactions& interactions);

// The ids, as every model folder has them.
Result<void> WriteIds(const std::string& part, const TrainingData& data, ModelInfo& info);

// Parts of the whole that the stages take, for progress.
inline constexpr double kItemReadEnd = 0.1;
inline constexpr double kItemTuneEnd = 0.45;
inline constexpr double kItemEvaluateEnd = 0.5;
inline constexpr double kItemTrainEnd = 0.97;

}  // namespace usher::engine
