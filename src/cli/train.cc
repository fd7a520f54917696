#include "engine/train.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress_bar.h"
#include "cli/training_options.h"
#include "columnar/csv_table.h"

namespace usher::cli {
namespace {

// A metadata file must be what it is said to be, even though no recipe of this version learns from
// it: better to hear of a wrong file now.
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

void PrintResult(const engine::TrainResult& result, const std::string& folder) {
  std::printf("%llu interactions of %llu users with %llu items, %.1f s\n",
              static_cast<unsigned long long>(result.interactions),
              static_cast<unsigned long long>(result.users),
              static_cast<unsigned long long>(result.items), result.seconds);
  for (const auto& [name, value] : result.metrics) {
    std::printf("  %-50s %.4f\n", name.c_str(), value);
  }
  std::printf("Model: %s\nNext:  usher recommend --model %s --users all --num-results 10\n",
              folder.c_str(), folder.c_str());
}

}  // namespace

int Train(Arguments arguments) {
  TrainingOptions training;
  std::string items;
  std::string users;
  std::string out;
  std::vector<Option> options = OptionsOf(training);
  options.insert(options.begin() + 1,
                 {{"--items", "FILE",
                   "CSV of items (ITEM_ID or movieId, metadata); checked, but the recipes of this "
                   "version learn from interactions alone",
                   TakeText(items)},
                  {"--users", "FILE", "CSV of users (USER_ID or userId, metadata); likewise",
                   TakeText(users)}});
  options.push_back({"--out", "MODEL_DIR", "folder of the model; must not exist", TakeText(out),
                     Option::kRequired});
  constexpr CommandHelp kHelp{
      .name = "train",
      .purpose = "Trains a model and prints its metrics on interactions that were held out.",
      .examples =
          "  usher train --interactions ratings.csv --out model\n"
          "  usher train --interactions ratings.csv --out model2 --seed 7 \\\n"
          "    --recipe aws-popularity-count\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

  std::error_code error;
  if (!std::filesystem::exists(training.interactions, error)) {
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
  PrintResult(*result, out);
  return kExitOk;
}

}  // namespace usher::cli
