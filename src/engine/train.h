// Train: from an interactions file to a published model folder, with offline metrics.
//
// Hold-out: a tenth of the users is set aside (chosen by the seed); the model trained on the others
//           is given the oldest 90 % of each one's interactions and scored on the newest 10 %. The
//           scores' temperature is fitted on the same held-out interactions. Then the model is
//           trained again on everything.
// Blend:    before that, transitions and their weight beside the factors are chosen on the newest
//           tenth of each of the other users' interactions (recsys/blend/choose.h).
// Tuning:   when asked for, hyperparameters are chosen before that, on the other users as well
//           (engine/tune.h).
// Resume:   with a checkpoint folder a training that was killed goes on after its last finished
//           sweep and ends with the same bits as one that was not.
// Same file, options and instruction set give the same bits at any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/interactions_file.h"
#include "engine/metadata.h"
#include "engine/model_folder.h"
#include "engine/recipes.h"
#include "engine/sweep_curve.h"
#include "engine/tune.h"

namespace usher::engine {

struct TrainProgress {
  // "reading", "tuning", "choosing", "evaluating", "training" or "updating", "writing"
  std::string_view stage;
  double fraction = 0;  // of the whole training, 0 to 1, never falling
};

struct TrainOptions {
  std::string recipe = "aws-user-personalization";
  Hyperparameters hyperparameters;
  std::uint64_t seed = 1;
  std::size_t threads = 0;  // 0: as many as the machine has
  // Which events are learned from, and how much each counts; empty: all alike. Weights that differ
  // are for the recipes that LearnsFromWeights names.
  std::vector<EventRule> events;
  std::optional<double> event_value_threshold;  // of the types without one of their own
  // Parquet files of the same columns as the interactions file, whose rows follow its rows.
  std::vector<std::string> more_interactions;
  // Columns that say in what situation an event happened; requests may name theirs.
  std::vector<std::string> context_columns;
  // Called once with the filtered table, before training: an error ends the training with it. The
  // service's rules of least data are such a check. May be empty.
  std::function<Result<void>(const InteractionTable&)> check;
  // Folder of an earlier model to continue from (engine/update.h). Recipe, hyperparameters, seed
  // and events are those of that model: `recipe` must name the same one, `seed` is not looked at,
  // `hyperparameters` and `tuning` must be empty, `events` too or the same. Metrics are carried
  // over, nothing is held out.
  std::string update_from;
  std::optional<TuningOptions> tuning;  // absent: the hyperparameters are used as they are
  MetadataSource items;                 // what is known of the catalogue
  MetadataSource users;
  bool hold_out = true;                                // false: no metrics, default temperature
  std::string checkpoint_folder;                       // must exist; empty: none
  std::function<void(const TrainProgress&)> progress;  // from the calling thread; may be empty
  std::stop_token stop;                                // asked between blocks of work
};

// How the training of the hold-out went (engine/sweep_curve.h); without scores where there are no
// sweeps or nothing was held out.
struct TrainingCurve {
  std::size_t users = 0;
  std::vector<SweepScore> scores;
};

struct TrainResult {
  // By the API's keys ("coverage", "mean_reciprocal_rank_at_25" …), rounded to 4 decimals.
  std::map<std::string, double> metrics;
  std::optional<Calibration> calibration;
  Hyperparameters hyperparameters;  // that the model was trained with
  std::optional<TuningReport> tuning;
  TrainingCurve curve;
  std::optional<UpdateSummary> update;  // of an update, whose metrics are the earlier model's
  std::uint64_t interactions = 0;       // distinct user-item pairs
  std::uint64_t users = 0;
  std::uint64_t items = 0;
  double seconds = 0;  // from the call to the published folder
};

// What Train reads of an interactions file for these options.
[[nodiscard]] LoadOptions LoadOptionsOf(const TrainOptions& options);

// Whether a training of this kind lets events of different types count differently: those with
// factors.
[[nodiscard]] bool LearnsFromWeights(RecipeKind kind);

// `interactions_path` may be empty for a recipe that can do without (aws-semantic-similarity).
// `model_folder` must not exist; it appears complete or not at all.
// Errors: what LoadInteractions says; kUnsupported for another recipe; kInvalidInput for
// hyperparameters, no interactions or a taken folder; kCancelled after a stop request.
Result<TrainResult> Train(const std::string& interactions_path, const std::string& model_folder,
                          const TrainOptions& options);

// The same from a table in memory, whose rows are all learned from: `events` are noted in the
// manifest, their weights are the table's.
Result<TrainResult> TrainOnTable(InteractionTable table, const std::string& model_folder,
                                 const TrainOptions& options);

}  // namespace usher::engine
