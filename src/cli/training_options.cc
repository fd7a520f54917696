#include "cli/training_options.h"

#include "engine/recipes.h"
#include "json/json.h"

namespace usher::cli {
namespace {

// {"factors": 64, "alpha": "1.5"}: values as JSON or as strings.
Result<void> TakeHyperparameters(std::string_view text, engine::Hyperparameters& target) {
  const auto value = json::Parse(text);
  if (!value) return InvalidInput("not JSON: " + value.error().message);
  const ValueMap* map = value->as_map();
  if (map == nullptr) return InvalidInput("give a JSON object: {\"NAME\": VALUE, …}");
  for (const auto& [name, given] : *map) {
    if (given.as_string() != nullptr) {
      target[name] = *given.as_string();
    } else if (given.as_int() != nullptr || given.as_double() != nullptr ||
               given.as_bool() != nullptr) {
      target[name] = json::Write(given);
    } else {
      return InvalidInput("\"" + name + "\" must be a number, true, false or a string");
    }
  }
  return {};
}

std::string RecipeNames() {
  std::string names;
  for (const engine::Recipe& recipe : engine::TrainableRecipes()) {
    names += (names.empty() ? "" : ", ") + std::string(recipe.name);
  }
  return names;
}

std::string HyperparameterHelp() {
  std::string help = "hyperparameters as a JSON object; those of " +
                     std::string(engine::TrainableRecipes().front().name) + ":";
  for (const auto& spec : engine::TrainableRecipes().front().hyperparameters) {
    help += " " + std::string(spec.name) + " (" + std::string(spec.default_value) + "),";
  }
  help.pop_back();
  return help;
}

}  // namespace

std::vector<Option> OptionsOf(TrainingOptions& training) {
  return {{"--interactions", "FILE",
           "CSV with the columns USER_ID, ITEM_ID, TIMESTAMP or userId, movieId, timestamp (others "
           "are ignored), or a Parquet file of the server's data folder",
           TakeText(training.interactions), Option::kRequired},
          {"--recipe", "NAME", "one of: " + RecipeNames() + " (" + training.train.recipe + ")",
           TakeText(training.train.recipe)},
          {"--hyperparameters", "JSON", HyperparameterHelp(),
           [&training](std::string_view text) {
             return TakeHyperparameters(text, training.train.hyperparameters);
           }},
          {"--seed", "N", "the same seed and data give the same model (1)",
           TakeCount(training.train.seed)}};
}

}  // namespace usher::cli
