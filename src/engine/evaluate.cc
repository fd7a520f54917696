#include "engine/evaluate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/parallel.h"
#include "engine/fit.h"
#include "engine/item_model.h"
#include "recsys/metrics/metrics.h"
#include "recsys/ranking/temperature.h"

namespace usher::engine {
namespace {

struct Judged {
  EvaluationRow row;
  std::vector<double> ndcg_at_10;  // of each user
};

// All metrics of the lists of one model.
Judged Judge(std::string name, const recsys::Split& split,
             const std::vector<std::vector<recsys::ScoredItem>>& lists, std::size_t item_count) {
  Judged judged;
  judged.row.model = std::move(name);
  std::vector<bool> covered(item_count, false);
  const auto users = static_cast<double>(split.users.size());
  for (std::size_t j = 0; j < split.users.size(); ++j) {
    std::vector<std::uint32_t> items;
    for (const recsys::ScoredItem& entry : lists[j]) {
      items.push_back(entry.item);
      covered[entry.item] = true;
    }
    const std::size_t relevant = split.held_out[j].size();
    const recsys::Hits hits = recsys::FindHits(items, split.held_out[j]);
    judged.ndcg_at_10.push_back(recsys::NdcgAt(10, hits, relevant));
    judged.row.ndcg_at_25 += recsys::NdcgAt(25, hits, relevant) / users;
    judged.row.precision_at_10 += recsys::PrecisionAt(10, hits) / users;
    judged.row.recall_at_20 += recsys::RecallAt(20, hits, relevant) / users;
    judged.row.mrr_at_25 += recsys::ReciprocalRankAt(25, hits) / users;
    judged.row.map_at_25 += recsys::AveragePrecisionAt(25, hits, relevant) / users;
  }
  const recsys::MeanAndError ndcg = recsys::Summarize(judged.ndcg_at_10);
  judged.row.ndcg_at_10 = ndcg.mean;
  judged.row.ndcg_at_10_standard_error = ndcg.standard_error;
  judged.row.coverage_at_25 = static_cast<double>(std::ranges::count(covered, true)) /
                              static_cast<double>(std::max<std::size_t>(1, item_count));
  return judged;
}

}  // namespace

Result<Evaluation> Evaluate(const std::string& interactions_path, const TrainOptions& options) {
  LoadOptions load = LoadOptionsOf(options);
  load.progress = {};
  auto table = LoadInteractions(interactions_path, load);
  if (!table) return table.error();
  return EvaluateTable(*std::move(table), options);
}

Result<Evaluation> EvaluateTable(InteractionTable table, const TrainOptions& options) {
  const auto recipe = FindRecipe(options.recipe);
  if (!recipe) return recipe.error();
  const auto hyperparameters = CompleteHyperparameters(**recipe, options.hyperparameters);
  if (!hyperparameters) return hyperparameters.error();
  if (const auto checked = CheckEventRules(options.events); !checked) return checked.error();
  if (IsItemRecipe((*recipe)->kind)) {
    return Unsupported("recipe " + options.recipe +
                       " answers for items: its metrics are those that training prints");
  }
  if (table.size() == 0) return InvalidInput("there are no interactions to learn from");
  ThreadPool pool(options.threads);
  const recsys::Vocabulary users(table.user_ids);
  const recsys::Vocabulary items(table.item_ids);
  const recsys::Interactions all = recsys::BuildInteractions(
      users.size(), items.size(), std::move(table.user), std::move(table.item),
      std::move(table.timestamp), pool, std::move(table.weight));
  recsys::Split split = recsys::SplitNewestOfEachUser(all);
  if (split.users.empty()) {
    return InvalidInput("no user has two interactions or more, so nothing can be held out");
  }
  const Hyperparameters resolved = ResolveHyperparameters(*hyperparameters, split.train);
  Evaluation evaluation{.users = split.users.size(),
                        .items = items.size(),
                        .train_interactions = split.train.size(),
                        .held_out_interactions = split.held_out.values.size(),
                        .rows = {}};

  std::vector<Judged> judged;
  const auto judge = [&](std::string name, RecipeKind kind) -> Result<void> {
    const auto started = std::chrono::steady_clock::now();
    recsys::AlsHooks hooks;
    hooks.stop = options.stop;
    hooks.progress = [&](double fraction) {
      if (options.progress) options.progress({"training", fraction});
    };
    FitOptions fit{kind, resolved, options.seed, {}};
    if (kind != RecipeKind::kPopularity) {
      const auto report = ChooseBlendFor(split.train, fit, pool, hooks);
      if (!report) return report.error();
      fit.blend = report->blend.options;
    }
    auto fitted = Fit(split.train, fit, pool, std::move(hooks));
    if (!fitted) return fitted.error();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    const auto model = ModelOf(std::make_shared<const Fitted>(*std::move(fitted)), users, items,
                               kind, recsys::kDefaultTemperature);
    judged.push_back(
        Judge(std::move(name), split, HeldOutLists(*model, split, pool), items.size()));
    judged.back().row.train_seconds = seconds.count();
    return {};
  };
  if (const auto done = judge("popularity", RecipeKind::kPopularity); !done) return done.error();
  if ((*recipe)->kind != RecipeKind::kPopularity) {
    if (const auto done = judge(options.recipe, (*recipe)->kind); !done) return done.error();
    std::vector<double> difference;
    for (std::size_t j = 0; j < split.users.size(); ++j) {
      difference.push_back(judged[1].ndcg_at_10[j] - judged[0].ndcg_at_10[j]);
    }
    const recsys::MeanAndError paired = recsys::Summarize(difference);
    evaluation.ndcg_at_10_difference = paired.mean;
    evaluation.ndcg_at_10_difference_standard_error = paired.standard_error;
  }
  for (Judged& one : judged) evaluation.rows.push_back(std::move(one.row));
  return evaluation;
}

std::string FormatEvaluation(const Evaluation& evaluation) {
  char line[256];
  std::string text;
  const auto print = [&](const char* format, auto... values) {
    std::snprintf(line, sizeof(line), format, values...);
    text += line;
  };
  print("%llu users, %llu items; %llu interactions to learn from, %llu held out\n",
        static_cast<unsigned long long>(evaluation.users),
        static_cast<unsigned long long>(evaluation.items),
        static_cast<unsigned long long>(evaluation.train_interactions),
        static_cast<unsigned long long>(evaluation.held_out_interactions));
  print("%-26s %8s %8s %8s %8s %8s %8s %8s %8s\n", "model", "NDCG@10", "NDCG@25", "P@10",
        "recall@20", "MRR@25", "MAP@25", "cover@25", "train s");
  for (const EvaluationRow& row : evaluation.rows) {
    print("%-26s %8.4f %8.4f %8.4f %9.4f %8.4f %8.4f %8.4f %8.2f\n", row.model.c_str(),
          row.ndcg_at_10, row.ndcg_at_25, row.precision_at_10, row.recall_at_20, row.mrr_at_25,
          row.map_at_25, row.coverage_at_25, row.train_seconds);
  }
  if (evaluation.rows.size() > 1) {
    print("NDCG@10 over popularity: %+.4f, standard error %.4f (paired by user)\n",
          evaluation.ndcg_at_10_difference, evaluation.ndcg_at_10_difference_standard_error);
  }
  return text;
}

}  // namespace usher::engine
