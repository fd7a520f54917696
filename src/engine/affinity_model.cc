#include "engine/affinity_model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/fit.h"
#include "engine/metadata_features.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "engine/segment_metrics.h"
#include "recsys/als/als.h"
#include "recsys/content/ridge.h"
#include "recsys/segments/segment_model.h"

namespace usher::engine {
namespace {

constexpr std::string_view kAttributesFile = "attributes.arrow";

// Columns of the items with the items of each value, laid end to end as the file has them.
struct AttributeArrays {
  std::vector<std::string> columns;
  std::vector<std::int32_t> is_number;      // of each column
  std::vector<std::int64_t> value_ends{0};  // first value of each column, and the end
  std::vector<std::string> values;
  recsys::Lists items;  // of each value
};

AttributeArrays AttributesOf(const Metadata& items) {
  AttributeArrays arrays;
  for (const MetadataColumn& column : items.columns) {
    const bool is_number =
        column.role == MetadataRole::kNumeric || column.role == MetadataRole::kCreationTime;
    if (!is_number && column.role != MetadataRole::kCategorical) continue;
    std::vector<std::string> values = column.names;
    recsys::Lists by_item;
    if (is_number) {
      std::vector<double> sorted;
      for (const double number : column.numbers) {
        if (!std::isnan(number)) sorted.push_back(number);
      }
      std::ranges::sort(sorted);
      const auto repeated = std::ranges::unique(sorted);
      sorted.erase(repeated.begin(), repeated.end());
      for (const double number : sorted) values.push_back(recsys::NumberKey(number));
      for (const double number : column.numbers) {
        std::vector<std::uint32_t> row;
        if (!std::isnan(number)) {
          const auto at = std::ranges::lower_bound(sorted, number) - sorted.begin();
          row.push_back(static_cast<std::uint32_t>(at));
        }
        by_item.Append(row);
      }
    } else {
      by_item = column.values;
    }
    const recsys::Lists by_value = recsys::Transpose(by_item.view(), values.size());
    for (std::size_t value = 0; value < values.size(); ++value) {
      arrays.items.Append(by_value[value]);
    }
    arrays.columns.push_back(column.name);
    arrays.is_number.push_back(is_number ? 1 : 0);
    arrays.values.insert(arrays.values.end(), values.begin(), values.end());
    arrays.value_ends.push_back(static_cast<std::int64_t>(arrays.values.size()));
  }
  return arrays;
}

// `items` has the items of all values; column c has those from value_ends[c] to value_ends[c + 1].
recsys::AttributeIndex IndexOf(const std::vector<std::string>& columns,
                               std::span<const std::int32_t> is_number,
                               std::span<const std::int64_t> value_ends,
                               const std::vector<std::string>& values, recsys::ListsView items) {
  recsys::AttributeIndex index;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto begin = static_cast<std::size_t>(value_ends[c]);
    const auto end = static_cast<std::size_t>(value_ends[c + 1]);
    index.AddColumn(columns[c], is_number[c] != 0,
                    {values.begin() + value_ends[c], values.begin() + value_ends[c + 1]},
                    {items.offsets.subspan(begin, end - begin + 1), items.values});
  }
  return index;
}

// Factors of all users and items, those without interactions from their metadata.
Result<recsys::AlsFactors> FitAffinity(const recsys::Interactions& interactions,
                                       const TrainingData& data, const ModelInfo& info,
                                       const TrainOptions& options, ThreadPool& pool) {
  const auto personalization = FindRecipe("aws-user-personalization");
  if (!personalization) return personalization.error();
  auto complete = CompleteHyperparameters(
      **personalization, {{"hidden_dimension", info.hyperparameters.at("hidden_dimension")}});
  if (!complete) return complete.error();
  FitOptions fit;
  fit.hyperparameters = ResolveHyperparameters(*complete, interactions);
  fit.seed = info.seed;
  recsys::AlsHooks hooks;
  hooks.stop = options.stop;
  auto factors = recsys::TrainAls(interactions, AlsOptionsOf(fit), pool, std::move(hooks));
  if (!factors) return factors;
  if (!data.catalogue.items.columns.empty()) {
    factors->items = recsys::PlaceColdRows(
        factors->items.view(), CountOfItems(interactions),
        FeaturesOf(data.catalogue.items, FeaturesFrom::kAllColumns), {}, pool);
  }
  if (!data.catalogue.users.columns.empty()) {
    std::vector<std::uint32_t> counts;
    for (std::size_t user = 0; user < interactions.user_count; ++user) {
      counts.push_back(static_cast<std::uint32_t>(interactions.by_user[user].size()));
    }
    factors->users = recsys::PlaceColdRows(
        factors->users.view(), counts, FeaturesOf(data.catalogue.users, FeaturesFrom::kAllColumns),
        {}, pool);
  }
  return factors;
}

Result<void> CheckAffinityData(const Recipe& recipe, const TrainingData& data,
                               const AttributeArrays& attributes) {
  if (std::ranges::min(data.row_time) == std::ranges::max(data.row_time)) {
    return InvalidInput("all interactions have the same timestamp: recipe " +
                        std::string(recipe.name) + " cannot tell earlier from later ones");
  }
  if (recipe.kind == RecipeKind::kItemAttributeAffinity && attributes.columns.empty()) {
    return InvalidInput("recipe " + std::string(recipe.name) +
                        " needs items with categorical or numeric columns: there are none");
  }
  return {};
}

Result<recsys::AttributeIndex> ReadAttributes(const ArraysFile& file, std::uint64_t item_count) {
  const auto columns = file->Strings("columns");
  if (!columns) return columns.error();
  const auto is_number = file->Int32s("is_number");
  if (!is_number) return is_number.error();
  const auto value_ends = file->Int64s("value_ends");
  if (!value_ends) return value_ends.error();
  const auto values = file->Strings("values");
  if (!values) return values.error();
  const auto items = ReadLists(file, "offsets", "items", values->size(), item_count);
  if (!items) return items.error();
  const bool good = is_number->size() == columns->size() &&
                    value_ends->size() == columns->size() + 1 && value_ends->front() == 0 &&
                    value_ends->back() == static_cast<std::int64_t>(values->size()) &&
                    std::ranges::is_sorted(*value_ends);
  if (!good) return Corrupt("the model's attributes point out of range");
  return IndexOf(columns->Copy(), *is_number, *value_ends, values->Copy(), *items);
}

}  // namespace

Result<void> TrainAffinity(const Recipe& recipe, const TrainingData& data,
                           const std::string& model_folder, const TrainOptions& options,
                           ThreadPool& pool, ModelInfo& info) {
  const AttributeArrays attributes = recipe.kind == RecipeKind::kItemAttributeAffinity
                                         ? AttributesOf(data.catalogue.items)
                                         : AttributeArrays();
  if (auto checked = CheckAffinityData(recipe, data, attributes); !checked) return checked;
  const recsys::AttributeIndex index =
      IndexOf(attributes.columns, attributes.is_number, attributes.value_ends, attributes.values,
              attributes.items.view());
  if (options.hold_out) {
    const recsys::Split split = SplitNewestFifth(data.interactions);
    const auto factors = FitAffinity(split.train, data, info, options, pool);
    if (!factors) return factors.error();
    const recsys::SegmentModel model({.users = recsys::Vocabulary(data.catalogue.user_ids),
                                      .items = recsys::Vocabulary(data.catalogue.item_ids),
                                      .histories = split.train.by_user.view(),
                                      .user_factors = factors->users.view(),
                                      .item_factors = factors->items.view(),
                                      .attributes = index,
                                      .owner = nullptr});
    info.metrics =
        SegmentMetrics(model,
                       recipe.kind == RecipeKind::kItemAffinity ? ItemQueries(split)
                                                                : AttributeQueries(split, index),
                       pool);
  }
  if (options.progress) options.progress({"training", kItemEvaluateEnd});
  const auto factors = FitAffinity(data.interactions, data, info, options, pool);
  if (!factors) return factors.error();
  if (options.progress) options.progress({"writing", kItemTrainEnd});
  return PublishModel(model_folder, info, [&](const std::string& part, ModelInfo& noted) {
    if (auto written = WriteIds(part, data, noted); !written) return written;
    auto written = WriteArrays(part, kHistoriesFile, noted, [&](columnar::ArrayFileWriter& file) {
      file.Add("offsets", std::span<const std::int64_t>(data.interactions.by_user.offsets));
      file.Add("items", std::span<const std::uint32_t>(data.interactions.by_user.values));
      file.Add("times", std::span<const std::uint32_t>(data.interactions.times));
    });
    if (!written) return written;
    written = WriteArrays(part, kFactorsFile, noted, [&](columnar::ArrayFileWriter& file) {
      const linalg::Matrix& users = factors->users;
      const linalg::Matrix& items = factors->items;
      file.AddMatrix("user_factors", users.values(), users.rows(), users.stride());
      file.AddMatrix("item_factors", items.values(), items.rows(), items.stride());
    });
    if (!written || recipe.kind == RecipeKind::kItemAffinity) return written;
    return WriteArrays(part, kAttributesFile, noted, [&](columnar::ArrayFileWriter& file) {
      file.AddStrings("columns", attributes.columns);
      file.Add("is_number", std::span<const std::int32_t>(attributes.is_number));
      file.Add("value_ends", std::span<const std::int64_t>(attributes.value_ends));
      file.AddStrings("values", attributes.values);
      file.Add("offsets", std::span<const std::int64_t>(attributes.items.offsets));
      file.Add("items", std::span<const std::uint32_t>(attributes.items.values));
    });
  });
}

Result<LoadedModel> LoadAffinity(const std::string& folder, LoadedModel loaded,
                                 recsys::Vocabulary users, recsys::Vocabulary items) {
  const auto histories_file = OpenArrays(folder, kHistoriesFile, loaded.info);
  if (!histories_file) return histories_file.error();
  const auto histories = ReadHistories(*histories_file, loaded.info);
  if (!histories) return histories.error();
  const auto rank = loaded.info.hyperparameters.find("hidden_dimension");
  if (rank == loaded.info.hyperparameters.end()) {
    return Corrupt("the model's manifest has no hidden_dimension");
  }
  const auto columns = static_cast<std::size_t>(std::strtoul(rank->second.c_str(), nullptr, 10));
  const auto file = OpenArrays(folder, kFactorsFile, loaded.info);
  if (!file) return file.error();
  const auto user_factors = ReadFactors(*file, "user_factors", loaded.info.users, columns);
  if (!user_factors) return user_factors.error();
  const auto item_factors = ReadFactors(*file, "item_factors", loaded.info.items, columns);
  if (!item_factors) return item_factors.error();
  std::vector<ArraysFile> owners{*histories_file, *file};
  recsys::AttributeIndex index;
  if (loaded.kind == RecipeKind::kItemAttributeAffinity) {
    const auto attributes_file = OpenArrays(folder, kAttributesFile, loaded.info);
    if (!attributes_file) return attributes_file.error();
    auto attributes = ReadAttributes(*attributes_file, loaded.info.items);
    if (!attributes) return attributes.error();
    index = *std::move(attributes);
    owners.push_back(*attributes_file);
  }
  loaded.segments = std::make_shared<const recsys::SegmentModel>(recsys::SegmentModelParts{
      .users = std::move(users),
      .items = std::move(items),
      .histories = histories->lists,
      .user_factors = *user_factors,
      .item_factors = *item_factors,
      .attributes = std::move(index),
      .owner = std::make_shared<const std::vector<ArraysFile>>(std::move(owners))});
  return loaded;
}

}  // namespace usher::engine
