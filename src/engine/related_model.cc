#include "engine/related_model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>

#include "engine/checkpoint.h"
#include "engine/fit.h"
#include "engine/item_metrics.h"
#include "engine/metadata_features.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "engine/tune.h"
#include "recsys/content/ridge.h"
#include "recsys/ranking/top_k.h"
#include "recsys/similar/neighbours.h"
#include "recsys/similar/related_items.h"

namespace usher::engine {
namespace {

constexpr std::string_view kRelatedFile = "related.arrow";
constexpr std::size_t kKeptNeighbours = 500;  // the longest list that can be asked for

double NumberOf(const Hyperparameters& hyperparameters, std::string_view name) {
  return std::strtod(hyperparameters.find(name)->second.c_str(), nullptr);
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
// has: s = w c / max c + (1 - w) cosine with w = n / (n + trust).
recsys::WeightedLists Mix(const recsys::WeightedLists& met, const recsys::WeightedLists& content,
                          const std::vector<std::uint32_t>& counts, double trust) {
  std::vector<std::vector<recsys::ScoredItem>> rows(counts.size());
  for (std::size_t item = 0; item < counts.size(); ++item) {
    const auto by_users = met.view()[item];
    const auto by_content = content.view()[item];
    const double n = counts[item];
    const double share = n + trust > 0 ? n / (n + trust) : 0;
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
  Learner(RecipeKind kind, const TrainingData& data, ThreadPool& pool) : kind_(kind), pool_(pool) {
    if (kind == RecipeKind::kSimilarItems && !data.catalogue.items.columns.empty()) {
      content_ = recsys::FindSimilarRows(
          FeaturesOf(data.catalogue.items, FeaturesFrom::kAllColumns), kKeptNeighbours, pool);
    }
    if (kind == RecipeKind::kSemanticSimilarity) {
      content_ = recsys::FindSimilarRows(FeaturesOf(data.catalogue.items, FeaturesFrom::kTexts),
                                         kKeptNeighbours, pool);
    }
  }

  [[nodiscard]] recsys::WeightedLists Neighbours(const recsys::Interactions& interactions,
                                                 const Hyperparameters& hyperparameters) const {
    if (kind_ == RecipeKind::kSemanticSimilarity) return content_;
    const double discount = NumberOf(hyperparameters, "popularity_discount_factor");
    recsys::NeighbourOptions options{.max_neighbours = kKeptNeighbours};
    if (kind_ == RecipeKind::kSims) {
      options.popularity_discount = discount;
      options.min_cointeractions =
          static_cast<std::uint32_t>(NumberOf(hyperparameters, "min_cointeraction_count"));
      const recsys::Interactions some = KeepItemPercentiles(
          KeepHistoryPercentiles(interactions,
                                 NumberOf(hyperparameters, "min_user_history_length_percentile"),
                                 NumberOf(hyperparameters, "max_user_history_length_percentile")),
          NumberOf(hyperparameters, "min_item_interaction_count_percentile"),
          NumberOf(hyperparameters, "max_item_interaction_count_percentile"));
      return recsys::FindNeighbours(some, options, pool_);
    }
    // From half of the cosine's discount, which names popular items, to the lift, which prefers
    // rare ones.
    options.popularity_discount = 0.25 + 0.75 * discount;
    options.min_cointeractions = 1;
    recsys::WeightedLists met = recsys::FindNeighbours(interactions, options, pool_);
    return content_.items.empty() ? met
                                  : Mix(met, content_, CountOfItems(interactions),
                                        NumberOf(hyperparameters, "content_trust"));
  }

  // Of texts, for semantic similarity.
  [[nodiscard]] const recsys::WeightedLists& content() const { return content_; }

 private:
  RecipeKind kind_;
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

// `neighbours` must outlive it.
recsys::RelatedItems RelatedOf(const TrainingData& data, const recsys::WeightedLists& neighbours,
                               const recsys::Interactions& learned) {
  return {recsys::Vocabulary(data.catalogue.item_ids),
          {neighbours.offsets, neighbours.items},
          CountOfItems(learned),
          nullptr};
}

// Replaces the hyperparameters in `info` by better ones; nothing without being asked to.
Result<std::optional<TuningReport>> TuneRelated(const Recipe& recipe, const Learner& learner,
                                                const TrainingData& data,
                                                const recsys::Interactions& learnable,
                                                const TrainOptions& options, ThreadPool& pool,
                                                ModelInfo& info) {
  if (!options.tuning) return std::optional<TuningReport>();
  const std::string& folder = options.checkpoint_folder;
  auto report =
      Tune({recipe, options.hyperparameters, info.hyperparameters, options.seed}, learnable,
           [&](const Hyperparameters& hyperparameters, const recsys::Interactions& some,
               double /*share*/,
               const recsys::Split& cases) -> Result<std::vector<std::vector<std::uint32_t>>> {
             const recsys::WeightedLists neighbours = learner.Neighbours(some, hyperparameters);
             return RelatedLists(RelatedOf(data, neighbours, some), cases, pool);
           },
           *options.tuning,
           {.progress =
                [&](double fraction) {
                  if (options.progress) {
                    options.progress(
                        {"tuning", kItemReadEnd + fraction * (kItemTuneEnd - kItemReadEnd)});
                  }
                },
            .stop = options.stop,
            .checkpoint_path = folder.empty() ? "" : folder + "/tuning.json",
            .fingerprint = FingerprintOf(info, "tuning"),
            .seconds = {}});
  if (!report) return report.error();
  info.hyperparameters = Tuned(info.hyperparameters, *report);
  info.tuning = SummaryOf(*report);
  return std::optional<TuningReport>(*std::move(report));
}

}  // namespace

Result<void> TrainRelated(const Recipe& recipe, const TrainingData& data,
                          const std::string& model_folder, const TrainOptions& options,
                          ThreadPool& pool, ModelInfo& info, std::optional<TuningReport>& tuning) {
  if (recipe.kind == RecipeKind::kSemanticSimilarity &&
      std::ranges::none_of(data.catalogue.items.columns, [](const MetadataColumn& column) {
        return column.role == MetadataRole::kText;
      })) {
    return InvalidInput("recipe " + std::string(recipe.name) +
                        " needs items with a textual column: there is none");
  }
  const Learner learner(recipe.kind, data, pool);
  if (recipe.kind == RecipeKind::kSemanticSimilarity) {
    info.metrics = SemanticMetrics(data, learner.content());
  } else if (options.hold_out) {
    const recsys::Split split = recsys::SplitUsers(data.interactions, options.seed);
    auto tuned = TuneRelated(recipe, learner, data, split.train, options, pool, info);
    if (!tuned) return tuned.error();
    tuning = *std::move(tuned);
    const recsys::WeightedLists neighbours = learner.Neighbours(split.train, info.hyperparameters);
    info.metrics = RelatedItemsMetrics(RelatedOf(data, neighbours, split.train), split, pool);
  } else {
    auto tuned = TuneRelated(recipe, learner, data, data.interactions, options, pool, info);
    if (!tuned) return tuned.error();
    tuning = *std::move(tuned);
  }
  if (options.stop.stop_requested()) return Cancelled("the training was stopped");
  if (options.progress) options.progress({"training", kItemEvaluateEnd});
  const recsys::WeightedLists neighbours =
      learner.Neighbours(data.interactions, info.hyperparameters);
  const std::vector<std::uint32_t> counts = CountOfItems(data.interactions);
  if (options.progress) options.progress({"writing", kItemTrainEnd});
  return PublishModel(model_folder, info, [&](const std::string& part, ModelInfo& noted) {
    if (auto written = WriteIds(part, data, noted); !written) return written;
    if (tuning) {
      if (auto written = WriteTuningReport(part, *tuning); !written) return written;
    }
    return WriteArrays(part, kRelatedFile, noted, [&](columnar::ArrayFileWriter& file) {
      file.Add("offsets", std::span<const std::int64_t>(neighbours.offsets));
      file.Add("items", std::span<const std::uint32_t>(neighbours.items));
      file.Add("user_counts", std::span<const std::uint32_t>(counts));
    });
  });
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

}  // namespace usher::engine
