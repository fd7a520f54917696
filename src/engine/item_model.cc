#include "engine/item_model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/parallel.h"
#include "engine/catalogue.h"
#include "engine/fit.h"
#include "engine/item_metrics.h"
#include "engine/metadata_features.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "engine/segment_metrics.h"
#include "engine/sha256.h"
#include "linalg/vector_ops.h"
#include "recsys/als/als.h"
#include "recsys/content/ridge.h"
#include "recsys/popularity/popularity.h"
#include "recsys/ranking/top_k.h"
#include "recsys/segments/segment_model.h"
#include "recsys/similar/neighbours.h"
#include "recsys/similar/related_items.h"
#include "recsys/trending/trending.h"

namespace usher::engine {
namespace {

constexpr std::string_view kRelatedFile = "related.arrow";
constexpr std::string_view kOrderFile = "order.arrow";
constexpr std::string_view kAttributesFile = "attributes.arrow";

constexpr std::size_t kKeptNeighbours = 500;  // the longest list that can be asked for
constexpr double kReadEnd = 0.1;
constexpr double kEvaluateEnd = 0.5;
constexpr double kTrainEnd = 0.97;

// Interactions at which an item's own count as much as its metadata. Service: below 5 it is cold.
constexpr double kContentTrust = 10;

double NumberOf(const Hyperparameters& hyperparameters, std::string_view name) {
  return std::strtod(hyperparameters.find(name)->second.c_str(), nullptr);
}

// What all recipes of this file learn from.
struct TrainingData {
  Catalogue catalogue;
  recsys::Interactions interactions;
  // As the rows came: users may meet an item several times.
  std::vector<std::uint32_t> row_item;
  std::vector<std::int64_t> row_time;
};

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

// Without the items that fewer or more users met than those percentiles of the items that were met
// at all, by nearest rank.
recsys::Interactions KeepItemPercentiles(const recsys::Interactions& all, double min_percentile,
                                         double max_percentile) {
  const std::vector<std::uint32_t> counts = CountOfItems(all);
  std::vector<std::uint32_t> sorted;
  for (const std::uint32_t count : counts) {
    if (count > 0) sorted.push_back(count);
  }
  if (sorted.empty()) return all;
  std::ranges::sort(sorted);
  const auto at = [&](double percentile) {
    const double rank = std::ceil(percentile * static_cast<double>(sorted.size()));
    const auto place = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
    return sorted[std::min(place, sorted.size() - 1)];
  };
  const std::uint32_t least = at(min_percentile);
  const std::uint32_t most = at(max_percentile);
  recsys::Interactions kept{
      .user_count = all.user_count, .item_count = all.item_count, .by_user = {}, .times = {}};
  std::vector<std::uint32_t> row;
  for (std::size_t user = 0; user < all.user_count; ++user) {
    row.clear();
    for (const std::uint32_t item : all.by_user[user]) {
      if (counts[item] >= least && counts[item] <= most) row.push_back(item);
    }
    kept.by_user.Append(row);
  }
  return kept;
}

// Neighbours by interactions and by content, the first counting the more the more users an item
// has: s = w c / max c + (1 - w) cosine with w = n / (n + kContentTrust).
recsys::WeightedLists Mix(const recsys::WeightedLists& met, const recsys::WeightedLists& content,
                          const std::vector<std::uint32_t>& counts) {
  std::vector<std::vector<recsys::ScoredItem>> rows(counts.size());
  for (std::size_t item = 0; item < counts.size(); ++item) {
    const auto by_users = met.view()[item];
    const auto by_content = content.view()[item];
    const double n = counts[item];
    const double share = n / (n + kContentTrust);
    std::vector<recsys::ScoredItem>& row = rows[item];
    const double best = by_users.weights.empty() ? 1 : by_users.weights.front();
    for (std::size_t j = 0; j < by_users.items.size(); ++j) {
      row.push_back({by_users.items[j], static_cast<float>(share * by_users.weights[j] / best)});
    }
    for (std::size_t j = 0; j < by_content.items.size(); ++j) {
      row.push_back({by_content.items[j], static_cast<float>((1 - share) * by_content.weights[j])});
    }
    std::ranges::sort(row, {}, &recsys::ScoredItem::item);
    std::size_t kept = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (kept > 0 && row[kept - 1].item == row[j].item) {
        row[kept - 1].score += row[j].score;
      } else {
        row[kept++] = row[j];
      }
    }
    row.resize(kept);
    std::ranges::sort(row, recsys::RanksBefore);
    row.resize(std::min(row.size(), kKeptNeighbours));
  }
  return recsys::ListsOf(rows);
}

// What one recipe learns from some interactions.
class Learner {
 public:
  Learner(RecipeKind kind, const Hyperparameters& hyperparameters, const TrainingData& data,
          ThreadPool& pool)
      : kind_(kind), hyperparameters_(hyperparameters), pool_(pool) {
    if (kind == RecipeKind::kSimilarItems && !data.catalogue.items.columns.empty()) {
      content_ = recsys::FindSimilarRows(
          FeaturesOf(data.catalogue.items, FeaturesFrom::kAllColumns), kKeptNeighbours, pool);
    }
    if (kind == RecipeKind::kSemanticSimilarity) {
      content_ = recsys::FindSimilarRows(FeaturesOf(data.catalogue.items, FeaturesFrom::kTexts),
                                         kKeptNeighbours, pool);
    }
  }

  [[nodiscard]] recsys::WeightedLists Neighbours(const recsys::Interactions& interactions) const {
    if (kind_ == RecipeKind::kSemanticSimilarity) return content_;
    const double discount = NumberOf(hyperparameters_, "popularity_discount_factor");
    recsys::NeighbourOptions options{.max_neighbours = kKeptNeighbours};
    if (kind_ == RecipeKind::kSims) {
      options.popularity_discount = discount;
      options.min_cointeractions =
          static_cast<std::uint32_t>(NumberOf(hyperparameters_, "min_cointeraction_count"));
      const recsys::Interactions some = KeepItemPercentiles(
          KeepHistoryPercentiles(interactions,
                                 NumberOf(hyperparameters_, "min_user_history_length_percentile"),
                                 NumberOf(hyperparameters_, "max_user_history_length_percentile")),
          NumberOf(hyperparameters_, "min_item_interaction_count_percentile"),
          NumberOf(hyperparameters_, "max_item_interaction_count_percentile"));
      return recsys::FindNeighbours(some, options, pool_);
    }
    // From half of the cosine's discount, which names popular items, to the lift, which prefers
    // rare ones.
    options.popularity_discount = 0.25 + 0.75 * discount;
    options.min_cointeractions = 1;
    recsys::WeightedLists met = recsys::FindNeighbours(interactions, options, pool_);
    return content_.items.empty() ? met : Mix(met, content_, CountOfItems(interactions));
  }

  // Of texts, for semantic similarity.
  [[nodiscard]] const recsys::WeightedLists& content() const { return content_; }

 private:
  RecipeKind kind_;
  const Hyperparameters& hyperparameters_;
  ThreadPool& pool_;
  recsys::WeightedLists content_;
};

// Means over the first 25 neighbours of all items: cosine, users over the most that an item has,
// and age of creation from the oldest (0) to the newest (1).
Metrics SemanticMetrics(const TrainingData& data, const recsys::WeightedLists& neighbours) {
  const std::vector<std::uint32_t> counts = CountOfItems(data.interactions);
  const double most = std::max(1U, counts.empty() ? 0U : std::ranges::max(counts));
  const MetadataColumn* created = nullptr;
  for (const MetadataColumn& column : data.catalogue.items.columns) {
    if (column.role == MetadataRole::kCreationTime) created = &column;
  }
  double oldest = INFINITY;
  double newest = -INFINITY;
  if (created != nullptr) {
    for (const double time : created->numbers) {
      if (std::isnan(time)) continue;
      oldest = std::min(oldest, time);
      newest = std::max(newest, time);
    }
  }
  std::vector<bool> covered(data.catalogue.item_ids.size(), false);
  double similarity = 0;
  double popularity = 0;
  double freshness = 0;
  double entries = 0;
  double dated = 0;
  for (std::size_t item = 0; item < neighbours.size(); ++item) {
    const auto row = neighbours.view()[item];
    for (std::size_t j = 0; j < std::min(row.items.size(), kListLength); ++j) {
      const std::uint32_t other = row.items[j];
      covered[other] = true;
      similarity += row.weights[j];
      popularity += counts[other] / most;
      entries += 1;
      if (created == nullptr || std::isnan(created->numbers[other])) continue;
      freshness += newest > oldest ? (created->numbers[other] - oldest) / (newest - oldest) : 1;
      dated += 1;
    }
  }
  Metrics metrics{
      {"coverage", Round4(static_cast<double>(std::ranges::count(covered, true)) /
                          static_cast<double>(std::max<std::size_t>(1, covered.size())))}};
  if (entries > 0) {
    metrics["item_similarity"] = Round4(similarity / entries);
    metrics["item_popularity"] = Round4(popularity / entries);
  }
  if (dated > 0) metrics["item_freshness"] = Round4(freshness / dated);
  return metrics;
}

Result<void> WriteIds(const std::string& part, const TrainingData& data, ModelInfo& info) {
  return WriteArrays(part, kVocabularyFile, info, [&](columnar::ArrayFileWriter& file) {
    file.AddStrings("user_ids", data.catalogue.user_ids);
    file.AddStrings("item_ids", data.catalogue.item_ids);
  });
}

Result<void> TrainRelated(const Recipe& recipe, const TrainingData& data,
                          const std::string& model_folder, const TrainOptions& options,
                          ThreadPool& pool, ModelInfo& info) {
  if (recipe.kind == RecipeKind::kSemanticSimilarity &&
      std::ranges::none_of(data.catalogue.items.columns, [](const MetadataColumn& column) {
        return column.role == MetadataRole::kText;
      })) {
    return InvalidInput("recipe " + std::string(recipe.name) +
                        " needs items with a textual column: there is none");
  }
  const Learner learner(recipe.kind, info.hyperparameters, data, pool);
  if (recipe.kind == RecipeKind::kSemanticSimilarity) {
    info.metrics = SemanticMetrics(data, learner.content());
  } else if (options.hold_out) {
    const recsys::Split split = recsys::SplitUsers(data.interactions, options.seed);
    const recsys::WeightedLists neighbours = learner.Neighbours(split.train);
    const recsys::RelatedItems related(recsys::Vocabulary(data.catalogue.item_ids),
                                       {neighbours.offsets, neighbours.items},
                                       CountOfItems(split.train), nullptr);
    info.metrics = RelatedItemsMetrics(related, split, pool);
  }
  if (options.stop.stop_requested()) return Cancelled("the training was stopped");
  if (options.progress) options.progress({"training", kEvaluateEnd});
  const recsys::WeightedLists neighbours = learner.Neighbours(data.interactions);
  const std::vector<std::uint32_t> counts = CountOfItems(data.interactions);
  if (options.progress) options.progress({"writing", kTrainEnd});
  return PublishModel(model_folder, info, [&](const std::string& part, ModelInfo& noted) {
    if (auto written = WriteIds(part, data, noted); !written) return written;
    return WriteArrays(part, kRelatedFile, noted, [&](columnar::ArrayFileWriter& file) {
      file.Add("offsets", std::span<const std::int64_t>(neighbours.offsets));
      file.Add("items", std::span<const std::uint32_t>(neighbours.items));
      file.Add("user_counts", std::span<const std::uint32_t>(counts));
    });
  });
}

// "2 hours" in seconds.
std::int64_t IntervalSeconds(std::string_view text) {
  const auto count = std::strtol(std::string(text).c_str(), nullptr, 10);
  if (text.find("minute") != std::string_view::npos) return count * 60;
  if (text.find("hour") != std::string_view::npos) return count * 3600;
  return count * 86400;
}

Result<void> TrainTrending(const TrainingData& data, const std::string& model_folder,
                           const TrainOptions& options, ModelInfo& info) {
  const std::int64_t interval =
      IntervalSeconds(info.hyperparameters.at("trend_discovery_frequency"));
  const std::vector<std::uint32_t> counts = CountOfItems(data.interactions);
  const std::size_t item_count = data.catalogue.item_ids.size();
  if (options.hold_out) {
    const std::int64_t latest = std::ranges::max(data.row_time);
    std::vector<std::uint32_t> items;
    std::vector<std::int64_t> times;
    for (std::size_t row = 0; row < data.row_item.size(); ++row) {
      if (data.row_time[row] > latest - interval) continue;
      items.push_back(data.row_item[row]);
      times.push_back(data.row_time[row]);
    }
    const std::vector<std::int64_t> before =
        recsys::CountIncrease(item_count, items, times, interval);
    const std::vector<std::int64_t> after =
        recsys::CountIncrease(item_count, data.row_item, data.row_time, interval);
    info.metrics = TrendingMetrics(recsys::OrderByIncrease(before, counts), after);
  }
  const std::vector<std::uint32_t> order = recsys::OrderByIncrease(
      recsys::CountIncrease(item_count, data.row_item, data.row_time, interval), counts);
  return PublishModel(model_folder, info, [&](const std::string& part, ModelInfo& noted) {
    if (auto written = WriteIds(part, data, noted); !written) return written;
    return WriteArrays(part, kOrderFile, noted, [&](columnar::ArrayFileWriter& file) {
      file.Add("order", std::span<const std::uint32_t>(order));
    });
  });
}

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
  if (options.progress) options.progress({"training", kEvaluateEnd});
  const auto factors = FitAffinity(data.interactions, data, info, options, pool);
  if (!factors) return factors.error();
  if (options.progress) options.progress({"writing", kTrainEnd});
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

Result<LoadedModel> LoadRelated(const std::string& folder, LoadedModel loaded,
                                recsys::Vocabulary items) {
  const auto file = OpenArrays(folder, kRelatedFile, loaded.info);
  if (!file) return file.error();
  const auto neighbours =
      ReadLists(*file, "offsets", "items", loaded.info.items, loaded.info.items);
  if (!neighbours) return neighbours.error();
  const auto counts = (*file)->UInt32s("user_counts");
  if (!counts) return counts.error();
  if (counts->size() != loaded.info.items) {
    return Corrupt("the model's counts of users have another size");
  }
  loaded.related =
      std::make_shared<const recsys::RelatedItems>(std::move(items), *neighbours, *counts, *file);
  return loaded;
}

Result<LoadedModel> LoadTrending(const std::string& folder, LoadedModel loaded,
                                 recsys::Vocabulary items) {
  const auto file = OpenArrays(folder, kOrderFile, loaded.info);
  if (!file) return file.error();
  const auto order = (*file)->UInt32s("order");
  if (!order) return order.error();
  std::vector<bool> seen(loaded.info.items, false);
  bool good = order->size() == seen.size();
  for (std::size_t place = 0; good && place < order->size(); ++place) {
    const std::uint32_t item = (*order)[place];
    good = item < seen.size() && !seen[item];
    if (good) seen[item] = true;
  }
  if (!good) return Corrupt("the model's order does not hold each item once");
  loaded.model = recsys::MakeFixedOrderModel(std::move(items), *order, *file);
  return loaded;
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

}  // namespace

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
  if (options.progress) options.progress({"evaluating", kReadEnd});
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
  switch (recipe.kind) {
    case RecipeKind::kTrendingNow:
      trained = TrainTrending(*data, model_folder, options, info);
      break;
    case RecipeKind::kItemAffinity:
    case RecipeKind::kItemAttributeAffinity:
      trained = TrainAffinity(recipe, *data, model_folder, options, pool, info);
      break;
    default:
      trained = TrainRelated(recipe, *data, model_folder, options, pool, info);
  }
  if (!trained) return trained.error();
  if (options.progress) options.progress({"writing", 1});
  return TrainResult{.metrics = info.metrics,
                     .hyperparameters = info.hyperparameters,
                     .tuning = std::nullopt,
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
