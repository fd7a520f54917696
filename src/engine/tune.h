// Tuning: hyperparameters chosen for one data set by successive halving, as performHPO asks for it.
//
// Source:   how: recsys/tuning/successive_halving.h; which parameters: "Hyperparameters and HPO" in
//           the developer guide of Amazon Personalize, beside the engine's own.
// Judging:  the newest tenth of up to kMaxTuningCases users' interactions is held out; a trial
//           learns from the rest, of a share of the users (the same for each trial of a rung, and
//           again in the rungs after it). Users who are set aside for the reported metrics are not
//           in the interactions given here.
// Parallel: one trial after the other, each on all threads.
// The same interactions, options and seed give the same choice at any number of threads; with a
// time limit, the same again with max_evaluations set to the report's number of results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "base/result.h"
#include "base/value.h"
#include "engine/fit.h"
#include "engine/model_folder.h"
#include "engine/recipes.h"
#include "recsys/tuning/search_space.h"
#include "recsys/tuning/successive_halving.h"

namespace usher::engine {

inline constexpr std::size_t kDefaultTuningTrials = 20;
inline constexpr std::size_t kMaxTuningTrials = 40;  // the service's maxNumberOfTrainingJobs
inline constexpr double kMaxTuningSeconds = 30 * 86400;
inline constexpr std::size_t kMaxTuningCases = 5000;
inline constexpr std::string_view kTuningReportFile = "tuning.json";
inline constexpr std::string_view kDefaultObjective = "normalized_discounted_cumulative_gain_at_25";

struct TuningOptions {
  std::size_t trials = kDefaultTuningTrials;   // 1 to kMaxTuningTrials; the default counts as one
  std::vector<recsys::ParameterRange> ranges;  // instead of the default ones of their parameters
  std::string objective{kDefaultObjective};
  bool maximize = true;
  // No trial is begun that would probably end after it; the first one always is.
  std::optional<double> time_limit_seconds;
  std::size_t max_evaluations = 0;  // 0: no limit; to repeat a search that a time limit ended
};

struct TuningReport {
  struct Result {
    std::size_t trial = 0;
    std::size_t rung = 0;
    double metric = 0;
    double seconds = 0;
  };
  struct RungRows {
    recsys::Rung rung;
    std::uint64_t users = 0;  // learned from
    std::uint64_t rows = 0;
  };
  std::string objective;
  bool maximize = true;
  std::uint64_t seed = 0;
  std::vector<recsys::ParameterRange> ranges;
  std::vector<RungRows> rungs;
  std::vector<recsys::Assignment> trials;  // the default first
  std::vector<Result> results;             // in the order of evaluation
  std::size_t cases = 0;                   // users judged on
  std::size_t winner = 0;
  std::size_t rung = 0;       // that decided
  double metric = 0;          // the winner's there
  double default_metric = 0;  // the default's there
  bool complete = true;       // false: ended by a limit
};

// Whether the recipe has hyperparameters to tune.
[[nodiscard]] bool CanTune(const Recipe& recipe);

// The ranges to search: those asked for, and the default ones of the other tunable hyperparameters
// that `given` does not fix. A parameter without effect keeps its default, or the nearest that a
// range asked for allows.
// Errors: kInvalidInput for a parameter that the recipe does not tune, a range of the wrong kind,
// upside down or beyond the recipe's range; kUnsupported for a recipe without tuning.
Result<std::vector<recsys::ParameterRange>> TuningRanges(
    const Recipe& recipe, const Hyperparameters& given,
    const std::vector<recsys::ParameterRange>& asked);

// Errors: kInvalidInput, naming the option and what is accepted; those of TuningRanges.
Result<void> CheckTuning(const Recipe& recipe, const Hyperparameters& given,
                         const TuningOptions& options);

struct TuningHooks {
  std::function<void(double fraction)> progress;  // from the calling thread; may be empty
  std::stop_token stop;
  // Results are kept here after each evaluation, and taken from here at the next start when the
  // fingerprint is the same. Empty: not kept.
  std::string checkpoint_path;
  std::string fingerprint;
  std::function<double()> seconds;  // a clock for the time limit; empty: the steady clock
};

// Whose hyperparameters are chosen.
struct TuningSubject {
  const Recipe& recipe;
  const Hyperparameters& given;     // fixed by the caller
  const Hyperparameters& resolved;  // complete
  std::uint64_t seed = 1;
};

// What a model of these hyperparameters, trained on `some` (a `share` of the users), recommends to
// the users of the cases: at least 25 items for each where there are as many, best first, none of
// those that the user's input holds.
using TrialLists = std::function<Result<std::vector<std::vector<std::uint32_t>>>(
    const Hyperparameters& hyperparameters, recsys::Interactions some, double share,
    const recsys::Split& cases)>;

// Errors: those of CheckTuning; kInvalidInput when no user has two interactions; kCancelled; what
// `lists_of` says.
Result<TuningReport> Tune(const TuningSubject& subject, const recsys::Interactions& interactions,
                          const TrialLists& lists_of, const TuningOptions& options,
                          const TuningHooks& hooks);

// Of the recipes with a blend; `fit.hyperparameters` are complete and resolved ones.
Result<TuningReport> TuneBlend(const Recipe& recipe, const Hyperparameters& given,
                               const recsys::Interactions& interactions, const FitOptions& fit,
                               const TuningOptions& options, ThreadPool& pool,
                               const TuningHooks& hooks);

// What the manifest says of a search.
[[nodiscard]] TuningSummary SummaryOf(const TuningReport& report);

// `resolved` with the winner's values.
[[nodiscard]] Hyperparameters Tuned(const Hyperparameters& resolved, const TuningReport& report);

// The report as JSON: what tuning.json of a model folder holds.
[[nodiscard]] Value ToValue(const TuningReport& report);
// Its results alone, in their order.
[[nodiscard]] ValueList ResultsOf(const std::vector<TuningReport::Result>& results);

}  // namespace usher::engine
