// Evaluate: how a recipe does on a file, beside plain popularity, as full-ranking metrics.
//
// Split:   the newest 10 % (at least 1) of each user's interactions are held out, of equal times
//          any (recsys/interactions/split.h); users with one interaction stay in training only. All
//          items are candidates, those a user has in training are left out.
// Metrics: a mean over users with held-out items: NDCG@10, NDCG@25, precision@10, recall@20,
//          MRR@25, MAP@25, coverage@25; with the standard error of NDCG@10 and of its paired
//          difference to popularity.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/train.h"

namespace usher::engine {

struct EvaluationRow {
  std::string model;  // the recipe's name or "popularity"
  double ndcg_at_10 = 0;
  double ndcg_at_10_standard_error = 0;
  double ndcg_at_25 = 0;
  double precision_at_10 = 0;
  double recall_at_20 = 0;
  double mrr_at_25 = 0;
  double map_at_25 = 0;
  double coverage_at_25 = 0;
  double train_seconds = 0;
};

struct Evaluation {
  std::uint64_t users = 0;  // with held-out items
  std::uint64_t items = 0;
  std::uint64_t train_interactions = 0;
  std::uint64_t held_out_interactions = 0;
  std::vector<EvaluationRow> rows;   // popularity first
  double ndcg_at_10_difference = 0;  // model minus popularity, mean over users
  double ndcg_at_10_difference_standard_error = 0;
};

// Errors: as Train.
Result<Evaluation> Evaluate(const std::string& interactions_path, const TrainOptions& options);

// The same from a table in memory.
Result<Evaluation> EvaluateTable(InteractionTable table, const TrainOptions& options);

// The table as text for people.
[[nodiscard]] std::string FormatEvaluation(const Evaluation& evaluation);

}  // namespace usher::engine
