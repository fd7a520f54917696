#include "engine/train.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/options.h"
#include "cli/progress_bar.h"
#include "cli/training_options.h"
#include "columnar/csv_table.h"
#include "engine/item_model.h"

namespace usher::cli {
namespace {

// Better to hear of a wrong file now than after reading the interactions.
Result<void> CheckMetadata(const std::string& path, std::string_view id, std::string_view also) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound("there is no file " + path);
  const auto header = columnar::ReadCsvHeader({.name = path, .path = path});
  if (!header) return header.error();
  for (const std::string& name : *header) {
    if (name == id || name == also) return {};
  }
  return InvalidInput(path + ": line 1: the header must name the column " + std::string(id) +
                      " or " + std::string(also));
}

// Whether an option is given, as `--flag value` or `--flag=value`.
bool Gives(Arguments arguments, std::string_view option) {
  return std::ranges::any_of(arguments, [&](std::string_view argument) {
    return argument.substr(0, argument.find('=')) == option;
  });
}

void PrintResult(const engine::TrainResult& result, engine::RecipeKind kind,
                 const std::string& folder) {
  std::printf("%llu interactions of %llu users with %llu items, %.1f s\n",
              static_cast<unsigned long long>(result.interactions),
              static_cast<unsigned long long>(result.users),
              static_cast<unsigned long long>(result.items), result.seconds);
  for (const auto& [name, value] : result.metrics) {
    std::printf("  %-50s %.4f\n", name.c_str(), value);
  }
  if (result.update) {
    std::printf("  an update: these metrics are the earlier model's; %llu items are new\n",
                static_cast<unsigned long long>(result.update->new_items));
  }
  if (result.calibration) {
    std::printf("  %-50s %.5f (plain softmax: %.5f)\n", "expected calibration error of the scores",
                result.calibration->error, result.calibration->plain_softmax_error);
  }
  if (result.tuning) {
    const engine::TuningReport& tuning = *result.tuning;
    std::printf(
        "Hyperparameters tuned in %zu evaluations: %s %.4f (default %.4f); "
        "usher evaluate --explain %s tells more\n",
        tuning.results.size(), tuning.objective.c_str(), tuning.metric, tuning.default_metric,
        folder.c_str());
  }
  const char* next = "--users all";
  if (kind >= engine::RecipeKind::kSims) next = "--items all";
  if (kind == engine::RecipeKind::kItemAttributeAffinity) next = "--items LINES.jsonl";
  std::printf("Model: %s\nNext:  usher recommend --model %s %s --num-results 10\n", folder.c_str(),
              folder.c_str(), next);
}

}  // namespace

int Train(Arguments arguments) {
  TrainingOptions training;
  std::string& items = training.train.items.path;
  std::string& users = training.train.users.path;
  std::string out;
  std::vector<Option> options = OptionsOf(training);
  options.front().required = false;  // aws-semantic-similarity can do without interactions
  options.insert(
      options.begin() + 1,
      {{"--items", "FILE",
        "CSV of items: ITEM_ID or movieId, and columns of categories joined by '|', "
        "numbers or text: places items that nobody met yet",
        TakeText(items)},
       {"--users", "FILE", "CSV of users: USER_ID or userId, likewise", TakeText(users)},
       {"--context", "COLUMN,…",
        "columns of the interactions that say in what situation an event happened; recommend's "
        "--context names that of a request",
        [&training](std::string_view text) {
          for (const std::string_view name : Split(text, ',')) {
            training.train.context_columns.emplace_back(name);
          }
          return Result<void>();
        }}});
  std::string& update_from = training.train.update_from;
  options.push_back(
      {"--update-from", "MODEL_DIR",
       "continue from this earlier model in a fraction of the time: the file holds all "
       "interactions, old and new; recipe, hyperparameters, seed and metrics are the "
       "earlier model's",
       TakeText(update_from)});
  bool hpo = false;
  std::optional<std::uint64_t> trials;
  std::optional<double> time_limit;
  std::uint64_t evaluations = 0;
  std::string objective;
  const auto take_trials = [&](std::string_view text) {
    return TakeCount(trials.emplace(), 1, engine::kMaxTuningTrials)(text);
  };
  options.insert(
      options.end(),
      {{"--hpo", "", "choose the hyperparameters that --hyperparameters leaves out by trying",
        TakeSwitch(hpo)},
       {"--hpo-trials", "N",
        "how many to try (" + std::to_string(engine::kDefaultTuningTrials) + ")", take_trials},
       {"--hpo-time-limit", "SECONDS",
        "begin no trial that would probably end later; the best so far wins",
        TakeNumber(time_limit)},
       {"--hpo-evaluations", "N",
        "end after so many evaluations: repeats a search that a time limit ended",
        TakeCount(evaluations, 1)},
       {"--hpo-objective", "METRIC",
        "what to maximize (" + std::string(engine::kDefaultObjective) + ")", TakeText(objective)}});
  options.push_back({"--out", "MODEL_DIR", "folder of the model; must not exist", TakeText(out),
                     Option::kRequired});
  constexpr CommandHelp kHelp{
      .name = "train",
      .purpose = "Trains a model and prints its metrics on interactions that were held out.",
      .examples =
          "  usher train --interactions ratings.csv --out model\n"
          "  usher train --interactions ratings.csv --out model2 --seed 7 \\\n"
          "    --recipe aws-popularity-count\n"
          "  usher train --interactions ratings.csv --out model3 --hpo --hpo-trials 10\n"
          "  usher train --interactions more.csv --update-from model --out model4\n"
          "  usher train --interactions ratings.csv --items movies.csv --out similar \\\n"
          "    --recipe aws-similar-items\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

  if (hpo) {
    engine::TuningOptions& tuning = training.train.tuning.emplace();
    if (trials) tuning.trials = *trials;
    if (!objective.empty()) tuning.objective = objective;
    tuning.time_limit_seconds = time_limit;
    tuning.max_evaluations = evaluations;
  } else if (trials || time_limit || evaluations > 0 || !objective.empty()) {
    return FailUsage("train", "the options --hpo-… need --hpo");
  }
  if (!update_from.empty()) {
    for (const std::string_view option : {"--recipe", "--seed", "--hyperparameters", "--hpo"}) {
      if (Gives(arguments, option)) {
        return FailUsage("train", std::string(option) +
                                      " does not go with --update-from: an update takes it from "
                                      "the model that it continues");
      }
    }
    const auto earlier = engine::ReadModelInfo(update_from);
    if (!earlier) return Fail("train", update_from + ": " + earlier.error().message);
    training.train.recipe = earlier->recipe;
  }
  const auto recipe = engine::FindRecipe(training.train.recipe);
  if (!recipe) return Fail("train", recipe.error().message);
  const bool alone = training.interactions.empty() && !engine::NeedsInteractions((*recipe)->kind);
  if (training.interactions.empty() && !alone) {
    return FailUsage("train", "--interactions is missing");
  }
  std::error_code error;
  if (!alone && !std::filesystem::exists(training.interactions, error)) {
    return Fail("train", "there is no file " + training.interactions);
  }
  for (const auto& [path, id, also] :
       {std::array<std::string, 3>{items, "ITEM_ID", "movieId"}, {users, "USER_ID", "userId"}}) {
    if (path.empty()) continue;
    if (const auto fits = CheckMetadata(path, id, also); !fits) {
      return Fail("train", fits.error().message);
    }
  }
  ProgressBar bar("Training");
  training.train.progress = [&](const engine::TrainProgress& progress) {
    bar.Update(progress.fraction, progress.stage);
  };
  const auto result = engine::Train(training.interactions, out, training.train);
  bar.Finish();
  if (!result) return Fail("train", result.error().message);
  PrintResult(*result, (*recipe)->kind, out);
  return kExitOk;
}

}  // namespace usher::cli
