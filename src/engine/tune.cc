#include "engine/tune.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "engine/tune_checkpoint.h"
#include "json/json.h"
#include "recsys/metrics/metrics.h"
#include "recsys/ranking/temperature.h"

namespace usher::engine {
namespace {

using recsys::ParameterRange;
using Kind = ParameterRange::Kind;

// What is searched when nobody says otherwise: narrower than what is allowed, around what is good
// on the sets tried.
struct Tunable {
  std::string_view name;
  bool effect;
  double min = 0;
  double max = 0;
  bool logarithmic = false;
};
constexpr std::array kBlendTunables{
    Tunable{"hidden_dimension", true, 32, 128, true},
    Tunable{"bptt", false},
    Tunable{"recency_mask", false},
    Tunable{"als_regularization", true, 5e-4, 0.05, true},
    Tunable{"als_frequency_exponent", true, 0.5, 1.2, false},
    Tunable{"als_unobserved_weight", true, 0, 0, true},  // around what fits the data
};
constexpr std::array kSimsTunables{
    Tunable{"popularity_discount_factor", true, 0, 1, false},
    Tunable{"min_cointeraction_count", true, 0, 10, false},
};
constexpr std::array kSimilarItemsTunables{
    Tunable{"item_id_hidden_dim", false},
    Tunable{"item_metadata_hidden_dim", false},
    Tunable{"content_trust", true, 1, 100, true},
};
constexpr std::string_view kUnobservedWeight = "als_unobserved_weight";
constexpr double kUnobservedSpread = 8;

constexpr std::array<std::string_view, 7> kObjectives{"mean_reciprocal_rank_at_25",
                                                      "normalized_discounted_cumulative_gain_at_5",
                                                      "normalized_discounted_cumulative_gain_at_10",
                                                      "normalized_discounted_cumulative_gain_at_25",
                                                      "precision_at_5",
                                                      "precision_at_10",
                                                      "precision_at_25"};

constexpr std::uint64_t kUserSalt = 0x7475'6e65'7573'6572;
constexpr std::uint64_t kCaseSalt = 0x7475'6e65'6361'7365;

const HyperparameterSpec* FindSpec(const Recipe& recipe, std::string_view name) {
  const auto at = std::ranges::find(recipe.hyperparameters, name, &HyperparameterSpec::name);
  return at == recipe.hyperparameters.end() ? nullptr : &*at;
}

// As the service has it: not those of the second generation.
std::span<const Tunable> TunablesOf(const Recipe& recipe) {
  if (recipe.kind == RecipeKind::kSims) return kSimsTunables;
  if (recipe.kind == RecipeKind::kSimilarItems) return kSimilarItemsTunables;
  const bool has_blend =
      recipe.name == "aws-user-personalization" || recipe.name == "aws-personalized-ranking";
  return has_blend ? std::span<const Tunable>(kBlendTunables) : std::span<const Tunable>();
}

const Tunable* FindTunable(const Recipe& recipe, std::string_view name) {
  const auto tunables = TunablesOf(recipe);
  const auto at = std::ranges::find(tunables, name, &Tunable::name);
  return at == tunables.end() ? nullptr : &*at;
}

std::string NumberText(double number) {
  std::string text;
  json::AppendNumber(text, number);
  return text;
}

Result<void> CheckRange(const HyperparameterSpec& spec, const ParameterRange& range) {
  const std::string named = "the range of hyperparameter " + range.name;
  if (spec.type == HyperparameterSpec::Type::kBool) {
    if (range.kind != Kind::kCategorical) return InvalidInput(named + " must be categorical");
    if (range.values.empty()) return InvalidInput(named + " has no values");
    for (const std::string& value : range.values) {
      if (!ParseBool(value)) {
        return InvalidInput(named + " has the value '" + value + "', but may have true and false");
      }
    }
    return {};
  }
  const bool whole = spec.type == HyperparameterSpec::Type::kInt;
  if (range.kind != (whole ? Kind::kInteger : Kind::kContinuous)) {
    return InvalidInput(named + (whole ? " must be of integers" : " must be continuous"));
  }
  if (!(range.min <= range.max)) {
    return InvalidInput(named + " begins at " + NumberText(range.min) +
                        " and ends before that, at " + NumberText(range.max));
  }
  if (!(range.min >= spec.min && range.max <= spec.max)) {
    return InvalidInput(named + " is " + NumberText(range.min) + " to " + NumberText(range.max) +
                        ", but must lie within " + NumberText(spec.min) + " to " +
                        NumberText(spec.max));
  }
  return {};
}

std::string TunableNames(const Recipe& recipe) {
  std::string names;
  for (const HyperparameterSpec& spec : recipe.hyperparameters) {
    if (FindTunable(recipe, spec.name))
      names += (names.empty() ? "" : ", ") + std::string(spec.name);
  }
  return names;
}

// The one value that a parameter without effect is left at.
ParameterRange LeftAtDefault(ParameterRange range, const HyperparameterSpec& spec) {
  const std::string value(spec.default_value);
  if (range.kind == Kind::kCategorical) {
    const bool listed = std::ranges::find(range.values, value) != range.values.end();
    range.values = {listed ? value : range.values.front()};
  } else {
    range.min = range.max = std::clamp(std::strtod(value.c_str(), nullptr), range.min, range.max);
  }
  return range;
}

// A number of [0, 1) that belongs to an index.
double FractionOf(std::uint64_t seed, std::uint64_t index) {
  return Random(seed ^ (index * 0x9e37'79b9'7f4a'7c15)).Uniform();
}

// A share of the users with what they did; the others' lists are empty.
recsys::Interactions SomeUsers(const recsys::Interactions& all, double share, std::uint64_t seed) {
  if (share >= 1) return all;
  recsys::Interactions some;
  some.user_count = all.user_count;
  some.item_count = all.item_count;
  for (std::size_t user = 0; user < all.user_count; ++user) {
    some.AppendUser(all, user, FractionOf(seed ^ kUserSalt, user) < share);
  }
  return some;
}

double MeanMetric(std::string_view objective, const recsys::Split& cases,
                  const std::vector<std::vector<std::uint32_t>>& lists) {
  const std::size_t K = objective.ends_with("_5") && !objective.ends_with("_25") ? 5
                        : objective.ends_with("_10")                             ? 10
                                                                                 : 25;
  double sum = 0;
  for (std::size_t j = 0; j < cases.users.size(); ++j) {
    const recsys::Hits hits = recsys::FindHits(lists[j], cases.held_out[j]);
    if (objective.starts_with("mean_reciprocal_rank")) {
      sum += recsys::ReciprocalRankAt(K, hits);
    } else if (objective.starts_with("normalized")) {
      sum += recsys::NdcgAt(K, hits, cases.held_out[j].size());
    } else {
      sum += recsys::PrecisionAt(K, hits);
    }
  }
  return sum / static_cast<double>(cases.users.size());
}

// Trains and judges single trials.
class Trials {
 public:
  Trials(const TuningSubject& subject, const recsys::Interactions& interactions,
         const TrialLists& lists_of, const std::string& objective)
      : subject_(subject),
        lists_of_(lists_of),
        objective_(objective),
        split_(recsys::SplitNewestOfSomeUsers(interactions, kMaxTuningCases,
                                              subject.seed ^ kCaseSalt)) {}

  [[nodiscard]] std::size_t case_count() const { return split_.users.size(); }

  [[nodiscard]] TuningReport::RungRows RowsOf(const recsys::Rung& rung) const {
    const recsys::Interactions some = SomeUsers(split_.train, rung.share, subject_.seed);
    TuningReport::RungRows rows{.rung = rung, .users = 0, .rows = some.size()};
    for (std::size_t user = 0; user < some.user_count; ++user) {
      rows.users += some.by_user[user].empty() ? 0 : 1;
    }
    return rows;
  }

  Result<double> Judge(const recsys::Assignment& trial, double share) {
    Hyperparameters hyperparameters = subject_.resolved;
    for (const auto& [name, value] : trial) hyperparameters[name] = value;
    const auto lists =
        lists_of_(hyperparameters, SomeUsers(split_.train, share, subject_.seed), share, split_);
    if (!lists) return lists.error();
    return MeanMetric(objective_, split_, *lists);
  }

 private:
  const TuningSubject& subject_;
  const TrialLists& lists_of_;
  const std::string& objective_;
  const recsys::Split split_;
};

// Lists of models with a blend.
class BlendTrials {
 public:
  BlendTrials(const recsys::Interactions& interactions, const FitOptions& fit, ThreadPool& pool,
              std::stop_token stop)
      : fit_(fit),
        pool_(pool),
        stop_(std::move(stop)),
        users_(Numbered(interactions.user_count)),
        items_(Numbered(interactions.item_count)) {}

  Result<std::vector<std::vector<std::uint32_t>>> ListsOf(const Hyperparameters& hyperparameters,
                                                          recsys::Interactions some, double share,
                                                          const recsys::Split& cases) {
    FitOptions fit = fit_;
    fit.hyperparameters = hyperparameters;
    recsys::AlsHooks hooks;
    hooks.stop = stop_;
    const bool known = transitions_ && transitions_share_ == share;
    auto blend = ChooseBlendFor(some, fit, pool_, hooks, known ? &*transitions_ : nullptr);
    if (!blend) return blend.error();
    transitions_ = std::move(blend->transitions);
    transitions_share_ = share;
    fit.blend = blend->blend.options;
    auto fitted = Fit(std::move(some), fit, pool_, hooks);
    if (!fitted) return fitted.error();
    const auto model = ModelOf(std::make_shared<const Fitted>(*std::move(fitted)), users_, items_,
                               fit.kind, recsys::kDefaultTemperature);
    std::vector<std::vector<std::uint32_t>> lists(cases.users.size());
    const auto scored = HeldOutLists(*model, cases, pool_);
    for (std::size_t j = 0; j < lists.size(); ++j) {
      for (const recsys::ScoredItem& entry : scored[j]) lists[j].push_back(entry.item);
    }
    return lists;
  }

 private:
  // Judging names nobody, but a model wants names.
  static recsys::Vocabulary Numbered(std::size_t count) {
    std::vector<std::string> names;
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
    return recsys::Vocabulary(names);
  }

  const FitOptions& fit_;
  ThreadPool& pool_;
  const std::stop_token stop_;
  const recsys::Vocabulary users_;
  const recsys::Vocabulary items_;
  // Of the share judged last: no hyperparameter that is tuned changes them.
  std::optional<recsys::TransitionChoice> transitions_;
  double transitions_share_ = 0;
};

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Says how long the next evaluation will probably take: as the last one of its rung, or in
// proportion to the share.
double Expected(const std::vector<TuningReport::Result>& results,
                const std::vector<recsys::Rung>& rungs, std::size_t rung) {
  const TuningReport::Result& last = results.back();
  return last.seconds * rungs[rung].share / rungs[last.rung].share;
}

}  // namespace

bool CanTune(const Recipe& recipe) { return !TunablesOf(recipe).empty(); }

Result<std::vector<ParameterRange>> TuningRanges(const Recipe& recipe, const Hyperparameters& given,
                                                 const std::vector<ParameterRange>& asked) {
  if (!CanTune(recipe)) {
    return Unsupported("recipe " + std::string(recipe.name) + " has no hyperparameters to tune");
  }
  std::vector<ParameterRange> ranges;
  for (const ParameterRange& range : asked) {
    const HyperparameterSpec* spec = FindSpec(recipe, range.name);
    const Tunable* tunable = FindTunable(recipe, range.name);
    if (!spec || !tunable) {
      return InvalidInput("recipe " + std::string(recipe.name) + " cannot tune '" + range.name +
                          "'; tunable are: " + TunableNames(recipe));
    }
    if (std::ranges::find(ranges, range.name, &ParameterRange::name) != ranges.end()) {
      return InvalidInput("hyperparameter " + range.name + " has two ranges");
    }
    if (auto checked = CheckRange(*spec, range); !checked) return checked.error();
    ranges.push_back(tunable->effect ? range : LeftAtDefault(range, *spec));
    ranges.back().logarithmic = tunable->logarithmic && range.min > 0;
  }
  for (const Tunable& tunable : TunablesOf(recipe)) {
    const HyperparameterSpec* spec = FindSpec(recipe, tunable.name);
    if (!spec || !tunable.effect || given.contains(tunable.name)) continue;
    if (std::ranges::find(ranges, tunable.name, &ParameterRange::name) != ranges.end()) continue;
    const bool whole = spec->type == HyperparameterSpec::Type::kInt;
    ranges.push_back({.name = std::string(tunable.name),
                      .kind = whole ? Kind::kInteger : Kind::kContinuous,
                      .min = tunable.min,
                      .max = tunable.max,
                      .logarithmic = tunable.logarithmic,
                      .values = {}});
  }
  return ranges;
}

Result<void> CheckTuning(const Recipe& recipe, const Hyperparameters& given,
                         const TuningOptions& options) {
  if (options.trials < 1 || options.trials > kMaxTuningTrials) {
    return InvalidInput("the number of trials must be 1 to " + std::to_string(kMaxTuningTrials) +
                        ", got " + std::to_string(options.trials));
  }
  if (std::ranges::find(kObjectives, options.objective) == kObjectives.end()) {
    std::string names;
    for (const std::string_view name : kObjectives) {
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return InvalidInput("the objective '" + options.objective + "' is none of: " + names);
  }
  if (options.time_limit_seconds &&
      !(*options.time_limit_seconds > 0 && *options.time_limit_seconds <= kMaxTuningSeconds)) {
    return InvalidInput("the time limit must be over 0 and at most " +
                        NumberText(kMaxTuningSeconds) + " seconds, got " +
                        NumberText(*options.time_limit_seconds));
  }
  const auto ranges = TuningRanges(recipe, given, options.ranges);
  return ranges ? Result<void>() : Result<void>(ranges.error());
}

Result<TuningReport> Tune(const TuningSubject& subject, const recsys::Interactions& interactions,
                          const TrialLists& lists_of, const TuningOptions& options,
                          const TuningHooks& hooks) {
  const Recipe& recipe = subject.recipe;
  const Hyperparameters& given = subject.given;
  if (const auto checked = CheckTuning(recipe, given, options); !checked) return checked.error();
  TuningReport report{.objective = options.objective,
                      .maximize = options.maximize,
                      .seed = subject.seed,
                      .ranges = *TuningRanges(recipe, given, options.ranges),
                      .rungs = {},
                      .trials = {},
                      .results = {}};
  recsys::Assignment defaults;
  for (ParameterRange& range : report.ranges) {
    const auto resolved = subject.resolved.find(range.name);
    defaults[range.name] = resolved->second;
    if (range.name != kUnobservedWeight || range.max > 0) continue;
    const double center = std::strtod(resolved->second.c_str(), nullptr);
    const HyperparameterSpec* spec = FindSpec(recipe, range.name);
    range.min = std::max(center / kUnobservedSpread, spec->min);
    range.max = std::min(center * kUnobservedSpread, spec->max);
  }
  report.trials = recsys::ChooseTrials(report.ranges, defaults, options.trials, subject.seed);
  for (recsys::Assignment& trial : report.trials) {
    const auto weight = trial.find(kUnobservedWeight);
    if (weight == trial.end() || std::strtod(weight->second.c_str(), nullptr) > 0) continue;
    weight->second = defaults.find(kUnobservedWeight)->second;  // 0 stands for what fits the data
  }

  Trials trials(subject, interactions, lists_of, report.objective);
  report.cases = trials.case_count();
  if (report.cases == 0) {
    return InvalidInput("no user has two interactions or more, so hyperparameters cannot be tuned");
  }
  std::size_t users = 0;
  for (std::size_t user = 0; user < interactions.user_count; ++user) {
    users += interactions.by_user[user].empty() ? 0 : 1;
  }
  const std::vector<recsys::Rung> rungs = recsys::PlanRungs(report.trials.size(), users);
  double work = 0;
  for (const recsys::Rung& rung : rungs) {
    report.rungs.push_back(trials.RowsOf(rung));
    work += static_cast<double>(rung.trials) * rung.share;
  }

  // Trials are told by their numbers, which mean the same in the same search only.
  const TuneCheckpoint checkpoint(hooks.checkpoint_path,
                                  hooks.fingerprint + json::Write(ToValue(report)));
  const std::vector<TuningReport::Result> kept = checkpoint.Read();
  const auto clock = [&] { return hooks.seconds ? hooks.seconds() : SteadySeconds(); };
  double spent = 0;
  double done = 0;
  const auto evaluate = [&](std::size_t trial, std::size_t rung) -> Result<double> {
    if (hooks.stop.stop_requested()) return Cancelled("the search was stopped");
    const std::size_t number = report.results.size();
    TuningReport::Result result{.trial = trial, .rung = rung, .metric = 0, .seconds = 0};
    if (number < kept.size() && kept[number].trial == trial && kept[number].rung == rung) {
      result = kept[number];
    } else {
      const double started = clock();
      const auto metric = trials.Judge(report.trials[trial], rungs[rung].share);
      if (!metric) return metric.error();
      result.metric = *metric;
      result.seconds = clock() - started;
    }
    report.results.push_back(result);
    spent += result.seconds;
    done += rungs[rung].share;
    if (auto wrote = checkpoint.Write(report.results); !wrote) return wrote.error();
    if (hooks.progress) hooks.progress(done / work);
    return result.metric;
  };
  const auto go_on = [&](std::size_t rung, const std::vector<recsys::TrialResult>& results) {
    if (options.max_evaluations > 0 && results.size() >= options.max_evaluations) return false;
    if (!options.time_limit_seconds) return true;
    // What an earlier attempt evaluated is not evaluated again, and its end was not by time.
    if (results.size() < kept.size()) return true;
    return spent + Expected(report.results, rungs, rung) <= *options.time_limit_seconds;
  };
  const auto halving = recsys::RunHalving(rungs, options.maximize, evaluate, go_on);
  if (!halving) return halving.error();
  report.winner = halving->winner;
  report.rung = halving->rung;
  report.metric = halving->metric;
  report.complete = halving->complete;
  for (const TuningReport::Result& result : report.results) {
    if (result.rung == report.rung && result.trial == 0) report.default_metric = result.metric;
  }
  return report;
}

Result<TuningReport> TuneBlend(const Recipe& recipe, const Hyperparameters& given,
                               const recsys::Interactions& interactions, const FitOptions& fit,
                               const TuningOptions& options, ThreadPool& pool,
                               const TuningHooks& hooks) {
  BlendTrials trials(interactions, fit, pool, hooks.stop);
  return Tune(
      {recipe, given, fit.hyperparameters, fit.seed}, interactions,
      [&](const Hyperparameters& hyperparameters, recsys::Interactions some, double share,
          const recsys::Split& cases) {
        return trials.ListsOf(hyperparameters, std::move(some), share, cases);
      },
      options, hooks);
}

TuningSummary SummaryOf(const TuningReport& report) {
  return {.objective = report.objective,
          .trials = report.trials.size(),
          .evaluations = report.results.size(),
          .complete = report.complete};
}

Hyperparameters Tuned(const Hyperparameters& resolved, const TuningReport& report) {
  Hyperparameters tuned = resolved;
  for (const auto& [name, value] : report.trials[report.winner]) tuned[name] = value;
  return tuned;
}

}  // namespace usher::engine
