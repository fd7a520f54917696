#include "engine/train.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "engine/catalogue.h"
#include "engine/checkpoint.h"
#include "engine/cold_start.h"
#include "engine/context.h"
#include "engine/fit.h"
#include "engine/item_model.h"
#include "engine/model_folder.h"
#include "engine/model_writer.h"
#include "engine/sha256.h"
#include "engine/sweep_curve.h"
#include "engine/update.h"
#include "linalg/vector_ops.h"
#include "recsys/metrics/calibration.h"
#include "recsys/ranking/temperature.h"

namespace usher::engine {
namespace {

// Parts of the whole that the stages take, for progress.
constexpr double kReadEnd = 0.1;
constexpr double kChooseEnd = 0.4;
constexpr double kEvaluateEnd = 0.7;
constexpr double kTrainEnd = 0.97;

constexpr double kTuneEnd = 0.8;  // with tuning, what follows it shares the rest
constexpr std::string_view kTuning = "tuning";

// `fraction` is of a training without tuning, or of the tuning alone.
void Report(const TrainOptions& options, std::string_view stage, double fraction) {
  if (!options.progress) return;
  if (stage == kTuning) {
    fraction = kReadEnd + fraction * (kTuneEnd - kReadEnd);
  } else if (options.tuning && fraction > kReadEnd) {
    fraction = 1 - (1 - fraction) / (1 - kReadEnd) * (1 - kTuneEnd);
  }
  options.progress({stage, fraction});
}

double SecondsSince(std::chrono::steady_clock::time_point started) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

std::string HashOf(const Catalogue& catalogue, const recsys::Interactions& interactions) {
  Sha256 hash;
  AddToHash(catalogue, hash);
  hash.AddNumbers(std::span<const std::int64_t>(interactions.by_user.offsets));
  hash.AddNumbers(std::span<const std::uint32_t>(interactions.by_user.values));
  hash.AddNumbers(std::span<const std::uint32_t>(interactions.times));
  if (!interactions.weights.empty()) {
    hash.AddText("weights");
    hash.AddNumbers(std::span<const float>(interactions.weights));
  }
  return hash.Finish();
}

// What the options ask for, checked.
struct Asked {
  const Recipe* recipe = nullptr;
  Hyperparameters hyperparameters;  // complete
  std::vector<EventRule> events;    // of an update: the earlier model's
};

Result<Asked> Resolve(const TrainOptions& options) {
  const auto recipe = FindRecipe(options.recipe);
  if (!recipe) return recipe.error();
  auto hyperparameters = CompleteHyperparameters(**recipe, options.hyperparameters);
  if (!hyperparameters) return hyperparameters.error();
  if (options.tuning) {
    const auto checked = CheckTuning(**recipe, options.hyperparameters, *options.tuning);
    if (!checked) return checked.error();
  }
  if (const auto checked = CheckEventRules(options.events); !checked) return checked.error();
  std::vector<EventRule> events = options.events;
  if (!options.update_from.empty()) {
    if (options.tuning || !options.hyperparameters.empty()) {
      return InvalidInput("an update keeps the hyperparameters of the model that it continues");
    }
    const auto earlier = ReadModelInfo(options.update_from);
    if (!earlier) return earlier.error();
    if (earlier->recipe != options.recipe) {
      return InvalidInput("the model to update is of recipe " + earlier->recipe + ", not " +
                          options.recipe);
    }
    if (!events.empty() && !earlier->events.empty() && events != earlier->events) {
      return InvalidInput(
          "an update keeps the event types and weights of the model that it continues: give the "
          "same or none");
    }
    if (events.empty()) events = earlier->events;
  }
  if (!CountAlike(events) && !LearnsFromWeights((*recipe)->kind)) {
    return InvalidInput("recipe " + options.recipe +
                        " counts all events alike: give its event types the same weight");
  }
  return Asked{*recipe, *std::move(hyperparameters), std::move(events)};
}

ModelInfo NewInfo(const Asked& asked, const recsys::Interactions& interactions,
                  std::uint64_t seed) {
  const bool scored = asked.recipe->kind != RecipeKind::kPopularity;
  ModelInfo info;
  info.recipe = std::string(asked.recipe->name);
  info.hyperparameters = ResolveHyperparameters(asked.hyperparameters, interactions);
  info.seed = seed;
  info.temperature = scored ? double{recsys::kDefaultTemperature} : 0.0;
  if (scored) info.blend.emplace();
  return info;
}

// A training under way.
class Training {
 public:
  // With `base` it is an update, whose blend is in `info`.
  Training(const TrainOptions& options, ThreadPool& pool, RecipeKind kind, ModelInfo info,
           std::optional<UpdateBase> base)
      : options_(options),
        pool_(pool),
        fit_{kind, info.hyperparameters, info.seed, info.blend.value_or(recsys::BlendOptions())},
        info_(std::move(info)),
        base_(std::move(base)),
        context_weight_(static_cast<float>(info_.context_weight.value_or(1))) {
    info_.context_weight.reset();  // there may be no context any more
  }

  [[nodiscard]] ModelInfo& info() { return info_; }

  // Fits the blend, which all fits afterwards use.
  Result<void> Choose(const recsys::Interactions& learnable) {
    if (fit_.kind == RecipeKind::kPopularity) return {};
    if (const auto tuned = TuneFirst(learnable); !tuned) return tuned;
    const Phase phase = PhaseOf("validation");
    auto report = ChooseBlendFor(learnable, fit_, pool_,
                                 HooksOf(phase, learnable, "choosing", kReadEnd, kChooseEnd));
    if (!report) return report.error();
    report_ = *std::move(report);
    fit_.blend = report_->blend.options;
    info_.blend = fit_.blend;
    return {};
  }

  // 1, as independence of user and situation has it, until held-out events say better.
  [[nodiscard]] float context_weight() const { return context_weight_; }
  [[nodiscard]] const std::optional<BlendReport>& report() const { return report_; }
  [[nodiscard]] const std::optional<TuningReport>& tuning() const { return tuning_; }
  [[nodiscard]] const TrainingCurve& curve() const { return curve_; }

  // Fits with progress, stop and checkpoints under the name of the phase.
  Result<Fitted> FitPhase(recsys::Interactions interactions, std::string_view name,
                          std::string_view stage, double begin, double end,
                          bool fold_in_users = true, SweepCurve* curve = nullptr) {
    const Phase phase = PhaseOf(name);
    recsys::AlsHooks hooks = HooksOf(phase, interactions, stage, begin, end);
    if (curve) {
      hooks.after_sweep = [&phase, curve](std::size_t sweeps_done, const linalg::Matrix& items) {
        curve->Add(sweeps_done, items);
        return phase.Write(sweeps_done, items);
      };
    }
    FitOptions fit = fit_;
    fit.fold_in_users = fold_in_users;
    return Fit(std::move(interactions), fit, pool_, std::move(hooks));
  }

  // The blend from all users but some, metrics and temperature from those.
  Result<void> Evaluate(const recsys::Interactions& all, const ContextTable& context,
                        const recsys::Vocabulary& users, const recsys::Vocabulary& items) {
    recsys::Split split = recsys::SplitUsers(all, fit_.seed);
    if (split.users.empty()) return {};
    if (const auto chosen = Choose(split.train); !chosen) return chosen;
    std::optional<SweepCurve> curve;
    if (fit_.kind != RecipeKind::kPopularity) {
      curve.emplace(split, AlsOptionsOf(fit_), fit_.blend.factor_recency, pool_);
    }
    auto fitted = FitPhase(std::move(split.train), "holdout", "evaluating", kChooseEnd,
                           kEvaluateEnd, true, curve ? &*curve : nullptr);
    if (!fitted) return fitted.error();
    if (curve) curve_ = {curve->users(), curve->scores()};
    if (fit_.kind != RecipeKind::kPopularity) {
      info_.temperature = TemperatureOf(*fitted, split, pool_);
      if (!context.empty()) {
        fitted->context = FitContext(context, items.size(), split.users);
        context_weight_ = ChooseContextWeight(*fitted, split, static_cast<float>(info_.temperature),
                                              context, pool_);
      }
    }
    const auto kept = std::make_shared<const Fitted>(*std::move(fitted));
    const auto model =
        ModelOf(kept, users, items, fit_.kind, static_cast<float>(info_.temperature));
    const auto lists = HeldOutLists(*model, split, pool_);
    info_.metrics = OfflineMetrics(*model, split, lists, pool_);
    if (model->has_scores()) {
      const auto plain = ModelOf(kept, users, items, fit_.kind, 1.0F);
      info_.calibration =
          Calibration{recsys::ExpectedCalibrationError(lists, split.held_out.view()),
                      recsys::ExpectedCalibrationError(HeldOutLists(*plain, split, pool_),
                                                       split.held_out.view())};
    }
    return {};
  }

 private:
  using Phase = Checkpoint;

  // Chooses the hyperparameters of all that follows, when asked to.
  Result<void> TuneFirst(const recsys::Interactions& learnable) {
    if (!options_.tuning) return {};
    const auto recipe = FindRecipe(info_.recipe);
    if (!recipe) return recipe.error();
    const std::string& folder = options_.checkpoint_folder;
    auto report =
        TuneBlend(**recipe, options_.hyperparameters, learnable, fit_, *options_.tuning, pool_,
                  {.progress = [this](double fraction) { Report(options_, kTuning, fraction); },
                   .stop = options_.stop,
                   .checkpoint_path = folder.empty() ? "" : folder + "/tuning.json",
                   .fingerprint = FingerprintOf(info_, kTuning),
                   .seconds = {}});
    if (!report) return report.error();
    tuning_ = *std::move(report);
    fit_.hyperparameters = Tuned(fit_.hyperparameters, *tuning_);
    info_.hyperparameters = fit_.hyperparameters;
    info_.tuning = SummaryOf(*tuning_);
    return {};
  }

  [[nodiscard]] Phase PhaseOf(std::string_view name) const {
    return {options_.checkpoint_folder, std::string(name), FingerprintOf(info_, name)};
  }

  // `phase` must outlive the hooks.
  recsys::AlsHooks HooksOf(const Phase& phase, const recsys::Interactions& interactions,
                           std::string_view stage, double begin, double end) const {
    recsys::AlsHooks hooks;
    if (fit_.kind != RecipeKind::kPopularity) {
      hooks.start = phase.Read(interactions.item_count, AlsOptionsOf(fit_).rank);
    }
    // An update's share of the sweeps is all of its work.
    double skipped = 0;
    if (base_) {
      const std::size_t sweeps = AlsOptionsOf(fit_).sweeps;
      recsys::AlsHooks::Start start = base_->StartOf(sweeps);
      skipped = static_cast<double>(start.sweeps_done) / static_cast<double>(sweeps);
      if (!hooks.start) hooks.start = std::move(start);
    }
    hooks.after_sweep = [&phase](std::size_t sweeps_done, const linalg::Matrix& items) {
      return phase.Write(sweeps_done, items);
    };
    hooks.progress = [this, stage, begin, end, skipped](double fraction) {
      fraction = std::max(0.0, (fraction - skipped) / (1 - skipped));
      Report(options_, stage, begin + fraction * (end - begin));
    };
    hooks.stop = options_.stop;
    return hooks;
  }

  const TrainOptions& options_;
  ThreadPool& pool_;
  FitOptions fit_;
  ModelInfo info_;
  std::optional<UpdateBase> base_;
  std::optional<BlendReport> report_;
  float context_weight_;
  std::optional<TuningReport> tuning_;
  TrainingCurve curve_;
};

}  // namespace

LoadOptions LoadOptionsOf(const TrainOptions& options) {
  return {
      .events = options.events,
      .event_value_threshold = options.event_value_threshold,
      .context_columns = options.context_columns,
      .more = options.more_interactions,
      .threads = static_cast<int>(options.threads),
      .progress = [&options](double fraction) { Report(options, "reading", fraction * kReadEnd); }};
}

bool LearnsFromWeights(RecipeKind kind) {
  return kind == RecipeKind::kUserPersonalization || kind == RecipeKind::kPersonalizedRanking;
}

namespace {

Result<TrainResult> TrainAsked(const Asked& asked, InteractionTable table,
                               const std::string& model_folder, const TrainOptions& options,
                               std::chrono::steady_clock::time_point started) {
  if (options.check) {
    if (const auto checked = options.check(table); !checked) return checked.error();
  }
  if (IsItemRecipe(asked.recipe->kind)) {
    if (!options.update_from.empty()) {
      return Unsupported("a model of recipe " + options.recipe +
                         " cannot be updated: train it anew");
    }
    auto result = TrainItemModel(*asked.recipe, asked.hyperparameters, std::move(table),
                                 model_folder, options);
    if (result) result->seconds = SecondsSince(started);
    return result;
  }
  if (table.size() == 0) return InvalidInput("there are no interactions to learn from");
  if (table.weight.empty() != CountAlike(asked.events)) {
    return InvalidInput("the table's weights do not go with the event types that were given");
  }

  ThreadPool pool(options.threads);
  const auto catalogue = BuildCatalogue(table, options.items, options.users, options.threads);
  if (!catalogue) return catalogue.error();
  const recsys::Vocabulary users(catalogue->user_ids);
  const recsys::Vocabulary items(catalogue->item_ids);
  const ContextTable context = CopyContext(table, items.size());
  recsys::Interactions interactions = recsys::BuildInteractions(
      users.size(), items.size(), std::move(table.user), std::move(table.item),
      std::move(table.timestamp), pool, std::move(table.weight));
  std::optional<UpdateBase> base;
  if (!options.update_from.empty()) {
    auto read = ReadUpdateBase(options.update_from, catalogue->item_ids);
    if (!read) return read.error();
    base = *std::move(read);
  }
  ModelInfo info = base ? base->NewInfo() : NewInfo(asked, interactions, options.seed);
  info.events = asked.events;
  info.data_sha256 = HashOf(*catalogue, interactions);
  info.instruction_set = std::string(linalg::InstructionSet());
  info.first_timestamp = interactions.origin;
  info.interactions = interactions.size();
  info.users = users.size();
  info.items = items.size();
  const bool is_update = base.has_value();
  Training training(options, pool, asked.recipe->kind, std::move(info), std::move(base));

  double begin = kReadEnd;  // of the last fit
  if (is_update) {
    // All choices are made.
  } else if (options.hold_out) {
    const auto evaluated = training.Evaluate(interactions, context, users, items);
    if (!evaluated) return evaluated.error();
    begin = kEvaluateEnd;
  } else {
    const auto chosen = training.Choose(interactions);
    if (!chosen) return chosen.error();
    begin = kChooseEnd;
  }
  if (options.stop.stop_requested()) return Cancelled("the training was stopped");
  auto fitted = training.FitPhase(std::move(interactions), is_update ? "update" : "final",
                                  is_update ? "updating" : "training", begin, kTrainEnd,
                                  catalogue->items.columns.empty());
  if (!fitted) return fitted.error();
  if (asked.recipe->kind != RecipeKind::kPopularity) {
    PlaceColdUsersAndItems(*catalogue, *fitted, pool);
    fitted->item_births = CreationTimesOf(*catalogue);
    if (!context.empty()) {
      fitted->context = FitContext(context, items.size(), {});
      fitted->context.weight = training.context_weight();
      training.info().context_weight = fitted->context.weight;
    }
  }
  Report(options, "writing", kTrainEnd);
  const auto written =
      WriteModel(model_folder, *fitted, catalogue->user_ids, catalogue->item_ids, training.report(),
                 training.tuning(), options.update_from, training.info());
  if (!written) return written.error();
  Report(options, "writing", 1);

  return TrainResult{.metrics = training.info().metrics,
                     .calibration = training.info().calibration,
                     .hyperparameters = training.info().hyperparameters,
                     .tuning = training.tuning(),
                     .curve = training.curve(),
                     .update = training.info().update,
                     .interactions = training.info().interactions,
                     .users = training.info().users,
                     .items = training.info().items,
                     .seconds = SecondsSince(started)};
}

}  // namespace

Result<TrainResult> Train(const std::string& interactions_path, const std::string& model_folder,
                          const TrainOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  const auto asked = Resolve(options);
  if (!asked) return asked.error();
  std::error_code ignored;
  if (std::filesystem::exists(model_folder, ignored)) {
    return InvalidInput("the model folder exists already");
  }
  Report(options, "reading", 0);
  if (interactions_path.empty() && !NeedsInteractions(asked->recipe->kind)) {
    return TrainAsked(*asked, {}, model_folder, options, started);
  }
  LoadOptions load = LoadOptionsOf(options);
  load.events = asked->events;
  auto table = LoadInteractions(interactions_path, load);
  if (!table) return table.error();
  return TrainAsked(*asked, *std::move(table), model_folder, options, started);
}

Result<TrainResult> TrainOnTable(InteractionTable table, const std::string& model_folder,
                                 const TrainOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  const auto asked = Resolve(options);
  if (!asked) return asked.error();
  return TrainAsked(*asked, std::move(table), model_folder, options, started);
}

}  // namespace usher::engine
