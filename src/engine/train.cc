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
  return hash.Finish();
}

// Tells a training apart from all others: what goes in determines the factors.
std::string FingerprintOf(const ModelInfo& info, std::string_view phase) {
  Sha256 hash;
  for (const std::string_view text :
       {std::string_view(info.recipe), std::string_view(info.data_sha256),
        std::string_view(info.instruction_set), phase}) {
    hash.AddText(text);
  }
  for (const auto& [name, value] : info.hyperparameters) {
    hash.AddText(name);
    hash.AddText(value);
  }
  hash.AddNumbers(std::span(&info.seed, 1));
  return hash.Finish();
}

// A training under way.
class Training {
 public:
  Training(const TrainOptions& options, ThreadPool& pool, FitOptions fit, ModelInfo info)
      : options_(options), pool_(pool), fit_(std::move(fit)), info_(std::move(info)) {}

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

  // Fits with progress, stop and checkpoints under the name of the phase.
  Result<Fitted> FitPhase(recsys::Interactions interactions, std::string_view name,
                          std::string_view stage, double begin, double end) {
    const Phase phase = PhaseOf(name);
    recsys::AlsHooks hooks = HooksOf(phase, interactions, stage, begin, end);
    return Fit(std::move(interactions), fit_, pool_, std::move(hooks));
  }

  // The blend from all users but some, metrics and temperature from those.
  Result<void> Evaluate(const recsys::Interactions& all, const ContextTable& context,
                        const recsys::Vocabulary& users, const recsys::Vocabulary& items) {
    recsys::Split split = recsys::SplitUsers(all, fit_.seed);
    if (split.users.empty()) return {};
    if (const auto chosen = Choose(split.train); !chosen) return chosen;
    auto fitted =
        FitPhase(std::move(split.train), "holdout", "evaluating", kChooseEnd, kEvaluateEnd);
    if (!fitted) return fitted.error();
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
        Tune(**recipe, options_.hyperparameters, learnable, fit_, *options_.tuning, pool_,
             {.progress = [this](double fraction) { Report(options_, kTuning, fraction); },
              .stop = options_.stop,
              .checkpoint_path = folder.empty() ? "" : folder + "/tuning.json",
              .fingerprint = FingerprintOf(info_, kTuning),
              .seconds = {}});
    if (!report) return report.error();
    tuning_ = *std::move(report);
    fit_.hyperparameters = Tuned(fit_.hyperparameters, *tuning_);
    info_.hyperparameters = fit_.hyperparameters;
    info_.tuning = TuningSummary{.objective = tuning_->objective,
                                 .trials = tuning_->trials.size(),
                                 .evaluations = tuning_->results.size(),
                                 .complete = tuning_->complete};
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
    hooks.after_sweep = [&phase](std::size_t sweeps_done, const linalg::Matrix& items) {
      return phase.Write(sweeps_done, items);
    };
    hooks.progress = [this, stage, begin, end](double fraction) {
      Report(options_, stage, begin + fraction * (end - begin));
    };
    hooks.stop = options_.stop;
    return hooks;
  }

  const TrainOptions& options_;
  ThreadPool& pool_;
  FitOptions fit_;
  ModelInfo info_;
  std::optional<BlendReport> report_;
  float context_weight_ = 1;
  std::optional<TuningReport> tuning_;
};

}  // namespace

Result<TrainResult> Train(const std::string& interactions_path, const std::string& model_folder,
                          const TrainOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  const auto recipe = FindRecipe(options.recipe);
  if (!recipe) return recipe.error();
  const auto hyperparameters = CompleteHyperparameters(**recipe, options.hyperparameters);
  if (!hyperparameters) return hyperparameters.error();
  if (options.tuning) {
    const auto checked = CheckTuning(**recipe, options.hyperparameters, *options.tuning);
    if (!checked) return checked.error();
  }
  std::error_code ignored;
  if (std::filesystem::exists(model_folder, ignored)) {
    return InvalidInput("the model folder exists already");
  }
  Report(options, "reading", 0);
  if (interactions_path.empty() && !NeedsInteractions((*recipe)->kind)) {
    return TrainOnTable({}, model_folder, options);
  }
  auto table = LoadInteractions(
      interactions_path,
      {.event_type = options.event_type,
       .event_value_threshold = options.event_value_threshold,
       .context_columns = options.context_columns,
       .threads = static_cast<int>(options.threads),
       .progress = [&](double fraction) { Report(options, "reading", fraction * kReadEnd); }});
  if (!table) return table.error();
  auto result = TrainOnTable(*std::move(table), model_folder, options);
  if (result) result->seconds = SecondsSince(started);
  return result;
}

Result<TrainResult> TrainOnTable(InteractionTable table, const std::string& model_folder,
                                 const TrainOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  const auto recipe = FindRecipe(options.recipe);
  if (!recipe) return recipe.error();
  const auto hyperparameters = CompleteHyperparameters(**recipe, options.hyperparameters);
  if (!hyperparameters) return hyperparameters.error();
  if (options.tuning) {
    const auto checked = CheckTuning(**recipe, options.hyperparameters, *options.tuning);
    if (!checked) return checked.error();
  }
  if (options.check) {
    if (const auto checked = options.check(table); !checked) return checked.error();
  }
  if (IsItemRecipe((*recipe)->kind)) {
    auto result =
        TrainItemModel(**recipe, *hyperparameters, std::move(table), model_folder, options);
    if (result) result->seconds = SecondsSince(started);
    return result;
  }
  if (table.size() == 0) return InvalidInput("there are no interactions to learn from");

  ThreadPool pool(options.threads);
  const auto catalogue = BuildCatalogue(table, options.items, options.users, options.threads);
  if (!catalogue) return catalogue.error();
  const recsys::Vocabulary users(catalogue->user_ids);
  const recsys::Vocabulary items(catalogue->item_ids);
  const ContextTable context = CopyContext(table, items.size());
  recsys::Interactions interactions =
      recsys::BuildInteractions(users.size(), items.size(), std::move(table.user),
                                std::move(table.item), std::move(table.timestamp), pool);
  ModelInfo info;
  info.recipe = options.recipe;
  info.hyperparameters = ResolveHyperparameters(*hyperparameters, interactions);
  info.seed = options.seed;
  info.data_sha256 = HashOf(*catalogue, interactions);
  info.instruction_set = std::string(linalg::InstructionSet());
  info.temperature =
      (*recipe)->kind == RecipeKind::kPopularity ? 0.0 : double{recsys::kDefaultTemperature};
  if ((*recipe)->kind != RecipeKind::kPopularity) info.blend.emplace();
  info.interactions = interactions.size();
  info.users = users.size();
  info.items = items.size();
  const FitOptions fit{(*recipe)->kind, info.hyperparameters, options.seed, {}};
  Training training(options, pool, fit, std::move(info));

  if (options.hold_out) {
    const auto evaluated = training.Evaluate(interactions, context, users, items);
    if (!evaluated) return evaluated.error();
  } else if (const auto chosen = training.Choose(interactions); !chosen) {
    return chosen.error();
  }
  if (options.stop.stop_requested()) return Cancelled("the training was stopped");
  auto fitted = training.FitPhase(std::move(interactions), "final", "training",
                                  options.hold_out ? kEvaluateEnd : kChooseEnd, kTrainEnd);
  if (!fitted) return fitted.error();
  if ((*recipe)->kind != RecipeKind::kPopularity) {
    PlaceColdUsersAndItems(*catalogue, *fitted, pool);
    if (!context.empty()) {
      fitted->context = FitContext(context, items.size(), {});
      fitted->context.weight = training.context_weight();
      training.info().context_weight = fitted->context.weight;
    }
  }
  Report(options, "writing", kTrainEnd);
  const auto written = WriteModel(model_folder, *fitted, catalogue->user_ids, catalogue->item_ids,
                                  training.report(), training.tuning(), training.info());
  if (!written) return written.error();
  Report(options, "writing", 1);

  return TrainResult{.metrics = training.info().metrics,
                     .calibration = training.info().calibration,
                     .hyperparameters = training.info().hyperparameters,
                     .tuning = training.tuning(),
                     .interactions = training.info().interactions,
                     .users = training.info().users,
                     .items = training.info().items,
                     .seconds = SecondsSince(started)};
}

}  // namespace usher::engine
