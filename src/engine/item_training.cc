#include "engine/item_training.h"

#include <span>
#include <utility>

#include "engine/model_writer.h"
#include "engine/sha256.h"
#include "recsys/popularity/popularity.h"

namespace usher::engine {

Result<TrainingData> Gather(InteractionTable table, const TrainOptions& options, ThreadPool& pool) {
  auto catalogue = BuildCatalogue(table, options.items, options.users, options.threads);
  if (!catalogue) return catalogue.error();
  TrainingData data;
  data.catalogue = *std::move(catalogue);
  data.row_item = table.item;
  data.row_time = table.timestamp;
  data.interactions = recsys::BuildInteractions(
      data.catalogue.user_ids.size(), data.catalogue.item_ids.size(), std::move(table.user),
      std::move(table.item), std::move(table.timestamp), pool);
  return data;
}

std::string HashOf(const TrainingData& data) {
  Sha256 hash;
  AddToHash(data.catalogue, hash);
  hash.AddNumbers(std::span<const std::int64_t>(data.interactions.by_user.offsets));
  hash.AddNumbers(std::span<const std::uint32_t>(data.interactions.by_user.values));
  hash.AddNumbers(std::span<const std::uint32_t>(data.row_item));
  hash.AddNumbers(std::span<const std::int64_t>(data.row_time));
  return hash.Finish();
}

std::vector<std::uint32_t> CountOfItems(const recsys::Interactions& interactions) {
  return recsys::CountUsers(interactions.by_user.view(), interactions.item_count);
}

Result<void> WriteIds(const std::string& part, const TrainingData& data, ModelInfo& info) {
  return WriteArrays(part, kVocabularyFile, info, [&](columnar::ArrayFileWriter& file) {
    file.AddStrings("user_ids", data.catalogue.user_ids);
    file.AddStrings("item_ids", data.catalogue.item_ids);
  });
}

}  // namespace usher::engine
