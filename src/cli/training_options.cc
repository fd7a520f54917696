#include "cli/training_options.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/text.h"
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

// "click=1,purchase=3" into one rule a type, which `take` gives its number.
Result<void> TakeByEventType(std::string_view text, std::vector<engine::EventRule>& rules,
                             const std::function<void(engine::EventRule&, double)>& take) {
  std::vector<std::string> named;
  for (const std::string_view one : Split(text, ',')) {
    const std::size_t equals = one.rfind('=');
    std::optional<double> number;
    if (equals != std::string_view::npos) {
      if (const auto taken = TakeNumber(number)(one.substr(equals + 1)); !taken) return taken;
    }
    if (!number || equals == 0) {
      return InvalidInput("give TYPE=NUMBER, got '" + std::string(one) + "'");
    }
    const std::string type(one.substr(0, equals));
    if (std::ranges::find(named, type) != named.end()) {
      return InvalidInput("event type '" + type + "' is given twice");
    }
    named.push_back(type);
    auto rule = std::ranges::find(rules, type, &engine::EventRule::type);
    if (rule == rules.end()) {
      rules.push_back({.type = type, .value_threshold = std::nullopt, .weight = 1});
      rule = rules.end() - 1;
    }
    take(*rule, *number);
  }
  return engine::CheckEventRules(rules);
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
          {"--event-weights", "TYPE=NUMBER,…",
           "learn from these types of EVENT_TYPE only, each counting so much: click=1,purchase=3",
           [&training](std::string_view text) {
             return TakeByEventType(
                 text, training.train.events,
                 [](engine::EventRule& rule, double weight) { rule.weight = weight; });
           }},
          {"--event-thresholds", "TYPE=NUMBER,…",
           "likewise, of these types only events with an EVENT_VALUE of at least this",
           [&training](std::string_view text) {
             return TakeByEventType(text, training.train.events,
                                    [](engine::EventRule& rule, double threshold) {
                                      rule.value_threshold = threshold;
                                    });
           }},
          {"--event-value-threshold", "NUMBER",
           "learn only from events with an EVENT_VALUE or rating of at least this",
           TakeNumber(training.train.event_value_threshold)},
          {"--seed", "N", "the same seed and data give the same model (1)",
           TakeCount(training.train.seed)}};
}

}  // namespace usher::cli
