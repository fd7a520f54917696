#include "engine/evaluate.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress_bar.h"
#include "cli/training_options.h"
#include "engine/tune_report.h"

namespace usher::cli {

int Evaluate(Arguments arguments) {
  TrainingOptions training;
  std::string explained;
  std::vector<Option> options = OptionsOf(training);
  options.front().required = false;  // --interactions: not with --explain
  options.push_back(
      {"--explain", "MODEL_DIR",
       "instead tell how this model came to be: its hyperparameters and metrics, what "
       "tuning tried and what the blend chose",
       TakeText(explained)});
  constexpr CommandHelp kHelp{
      .name = "evaluate",
      .purpose =
          "Holds out the newest tenth of every user's interactions, trains on the rest and "
          "prints how well the held-out ones are ranked among all items, beside plain "
          "popularity.",
      .examples =
          "  usher evaluate --interactions ratings.csv\n"
          "  usher evaluate --explain model\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

  if (!explained.empty()) {
    const auto text = engine::ExplainModel(explained);
    if (!text) return Fail("evaluate", explained + ": " + text.error().message);
    std::fputs(text->c_str(), stdout);
    return kExitOk;
  }
  if (training.interactions.empty()) {
    return FailUsage("evaluate", "give --interactions FILE or --explain MODEL_DIR");
  }
  std::error_code error;
  if (!std::filesystem::exists(training.interactions, error)) {
    return Fail("evaluate", "there is no file " + training.interactions);
  }
  ProgressBar bar("Evaluating");
  training.train.progress = [&](const engine::TrainProgress& progress) {
    bar.Update(progress.fraction, progress.stage);
  };
  const auto evaluation = engine::Evaluate(training.interactions, training.train);
  bar.Finish();
  if (!evaluation) return Fail("evaluate", evaluation.error().message);
  std::fputs(engine::FormatEvaluation(*evaluation).c_str(), stdout);
  return kExitOk;
}

}  // namespace usher::cli
