#include "engine/evaluate.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress_bar.h"
#include "cli/training_options.h"

namespace usher::cli {

int Evaluate(Arguments arguments) {
  TrainingOptions training;
  const std::vector<Option> options = OptionsOf(training);
  constexpr CommandHelp kHelp{
      .name = "evaluate",
      .purpose =
          "Holds out the newest tenth of every user's interactions, trains on the rest and "
          "prints how well the held-out ones are ranked among all items, beside plain "
          "popularity.",
      .examples = "  usher evaluate --interactions ratings.csv\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

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
