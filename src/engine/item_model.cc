#include "engine/item_model.h"

#include <optional>
#include <utility>

#include "base/parallel.h"
#include "engine/affinity_model.h"
#include "engine/item_training.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "engine/related_model.h"
#include "engine/trending_model.h"
#include "linalg/vector_ops.h"

namespace usher::engine {

bool IsItemRecipe(RecipeKind kind) { return kind >= RecipeKind::kTrendingNow; }

bool NeedsInteractions(RecipeKind kind) { return kind != RecipeKind::kSemanticSimilarity; }

Result<TrainResult> TrainItemModel(const Recipe& recipe, const Hyperparameters& complete,
                                   InteractionTable table, const std::string& model_folder,
                                   const TrainOptions& options) {
  if (table.size() == 0 && NeedsInteractions(recipe.kind)) {
    return InvalidInput("there are no interactions to learn from");
  }
  ThreadPool pool(options.threads);
  const auto data = Gather(std::move(table), options, pool);
  if (!data) return data.error();
  if (options.progress) options.progress({"evaluating", kItemReadEnd});
  ModelInfo info;
  info.recipe = std::string(recipe.name);
  info.hyperparameters = complete;
  info.seed = options.seed;
  info.events = options.events;
  info.data_sha256 = HashOf(*data);
  info.instruction_set = std::string(linalg::InstructionSet());
  info.interactions = data->interactions.size();
  info.users = data->catalogue.user_ids.size();
  info.items = data->catalogue.item_ids.size();

  Result<void> trained;
  std::optional<TuningReport> tuning;
  switch (recipe.kind) {
    case RecipeKind::kTrendingNow:
      trained = TrainTrending(*data, model_folder, options, info);
      break;
    case RecipeKind::kItemAffinity:
    case RecipeKind::kItemAttributeAffinity:
      trained = TrainAffinity(recipe, *data, model_folder, options, pool, info);
      break;
    default:
      trained = TrainRelated(recipe, *data, model_folder, options, pool, info, tuning);
  }
  if (!trained) return trained.error();
  if (options.progress) options.progress({"writing", 1});
  return TrainResult{.metrics = info.metrics,
                     .hyperparameters = info.hyperparameters,
                     .tuning = std::move(tuning),
                     .interactions = info.interactions,
                     .users = info.users,
                     .items = info.items};
}

Result<LoadedModel> LoadItemModel(const std::string& folder, LoadedModel loaded) {
  const auto vocabulary = OpenArrays(folder, kVocabularyFile, loaded.info);
  if (!vocabulary) return vocabulary.error();
  auto users = ReadVocabulary(*vocabulary, "user_ids", loaded.info.users);
  if (!users) return users.error();
  auto items = ReadVocabulary(*vocabulary, "item_ids", loaded.info.items);
  if (!items) return items.error();
  switch (loaded.kind) {
    case RecipeKind::kTrendingNow:
      return LoadTrending(folder, std::move(loaded), *std::move(items));
    case RecipeKind::kItemAffinity:
    case RecipeKind::kItemAttributeAffinity:
      return LoadAffinity(folder, std::move(loaded), *std::move(users), *std::move(items));
    default:
      return LoadRelated(folder, std::move(loaded), *std::move(items));
  }
}

}  // namespace usher::engine
