#include "services/personalize/tuning_config.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

using engine::TuningOptions;
using recsys::ParameterRange;
using RangeKind = ParameterRange::Kind;

std::string TunableRecipes() {
  std::string names;
  for (const Recipe& recipe : AllRecipes()) {
    if (CanTune(recipe)) names += (names.empty() ? "" : ", ") + std::string(recipe.name);
  }
  return names;
}

// The ranges of all three kinds as one list.
std::vector<ParameterRange> RangesOf(const api::HyperParameterRanges& given) {
  std::vector<ParameterRange> ranges;
  if (given.integer_hyper_parameter_ranges) {
    for (const auto& range : *given.integer_hyper_parameter_ranges) {
      ranges.push_back({.name = range.name.value_or(""),
                        .kind = RangeKind::kInteger,
                        .min = static_cast<double>(range.min_value.value_or(0)),
                        .max = static_cast<double>(range.max_value.value_or(0)),
                        .values = {}});
    }
  }
  if (given.continuous_hyper_parameter_ranges) {
    for (const auto& range : *given.continuous_hyper_parameter_ranges) {
      ranges.push_back({.name = range.name.value_or(""),
                        .kind = RangeKind::kContinuous,
                        .min = range.min_value.value_or(0),
                        .max = range.max_value.value_or(0),
                        .values = {}});
    }
  }
  if (given.categorical_hyper_parameter_ranges) {
    for (const auto& range : *given.categorical_hyper_parameter_ranges) {
      ranges.push_back({.name = range.name.value_or(""),
                        .kind = RangeKind::kCategorical,
                        .values = range.values.value_or(std::vector<std::string>())});
      for (std::string& value : ranges.back().values) value = AsciiLower(value);
    }
  }
  return ranges;
}

// The service's rules; the engine's come after them.
Result<void> CheckNames(const Recipe& recipe, const std::vector<ParameterRange>& ranges) {
  for (const ParameterRange& range : ranges) {
    std::string names;
    bool known = false;
    for (const Hyperparameter& parameter : recipe.hyperparameters) {
      if (!parameter.tunable) continue;
      known = known || parameter.name == range.name;
      names += (names.empty() ? "" : ", ") + std::string(parameter.name);
    }
    if (!known) {
      return InvalidInput("algorithmHyperParameterRanges has '" + range.name + "', which recipe " +
                          std::string(recipe.name) + " does not tune; it tunes: " + names);
    }
  }
  return {};
}

Result<void> CheckCount(std::string_view name, const std::optional<std::string>& text,
                        std::int64_t most) {
  if (!text) return {};
  std::int64_t count = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, count);
  if (error == std::errc() && stop == end && count >= 1 && count <= most) return {};
  return InvalidInput(std::string(name) + " is '" + *text + "', but must be an integer from 1 to " +
                      std::to_string(most));
}

Result<void> CheckObjective(const api::HPOObjective& objective) {
  if (objective.metric_regex) {
    return InvalidInput("hpoObjective.metricRegex is not supported: metrics are known by name");
  }
  const std::string type = objective.type.value_or("Maximize");
  if (!EqualsIgnoreCase(type, "Maximize") && !EqualsIgnoreCase(type, "Minimize")) {
    return InvalidInput("hpoObjective.type is '" + type + "', but must be Maximize or Minimize");
  }
  return {};
}

TuningOptions OptionsOf(const api::SolutionConfig& config) {
  TuningOptions options;
  if (!config.hpo_config) return options;
  const api::HPOConfig& hpo = *config.hpo_config;
  if (hpo.hpo_resource_config && hpo.hpo_resource_config->max_number_of_training_jobs) {
    const std::string& text = *hpo.hpo_resource_config->max_number_of_training_jobs;
    std::from_chars(text.data(), text.data() + text.size(), options.trials);
  }
  if (hpo.hpo_objective) {
    options.objective = hpo.hpo_objective->metric_name.value_or(options.objective);
    options.maximize = !EqualsIgnoreCase(hpo.hpo_objective->type.value_or(""), "Minimize");
  }
  if (hpo.algorithm_hyper_parameter_ranges) {
    options.ranges = RangesOf(*hpo.algorithm_hyper_parameter_ranges);
  }
  return options;
}

constexpr std::string_view kKinds[] = {"integer", "continuous", "categorical"};

}  // namespace

bool CanTune(const Recipe& recipe) {
  const auto trainable = engine::FindRecipe(recipe.name);
  return trainable && engine::CanTune(**trainable) &&
         std::ranges::any_of(recipe.hyperparameters, &Hyperparameter::tunable);
}

Result<void> CheckTuning(const Recipe& recipe, bool perform_hpo,
                         const api::SolutionConfig& config) {
  if (!perform_hpo) {
    if (!config.hpo_config) return {};
    return InvalidInput("hpoConfig needs performHPO to be true");
  }
  if (!CanTune(recipe)) {
    return InvalidInput("performHPO is not supported for recipe " + std::string(recipe.name) +
                        "; it is for: " + TunableRecipes());
  }
  if (config.hpo_config) {
    const api::HPOConfig& hpo = *config.hpo_config;
    if (hpo.hpo_resource_config) {
      const api::HPOResourceConfig& resources = *hpo.hpo_resource_config;
      if (auto good = CheckCount("maxNumberOfTrainingJobs", resources.max_number_of_training_jobs,
                                 kMaxTrainingJobs);
          !good) {
        return good;
      }
      if (auto good = CheckCount("maxParallelTrainingJobs", resources.max_parallel_training_jobs,
                                 kMaxParallelTrainingJobs);
          !good) {
        return good;
      }
    }
    if (hpo.hpo_objective) {
      if (auto good = CheckObjective(*hpo.hpo_objective); !good) return good;
    }
  }
  const TuningOptions options = OptionsOf(config);
  if (auto named = CheckNames(recipe, options.ranges); !named) return named;
  engine::Hyperparameters given;
  if (config.algorithm_hyper_parameters) {
    given.insert(config.algorithm_hyper_parameters->begin(),
                 config.algorithm_hyper_parameters->end());
  }
  return engine::CheckTuning(**engine::FindRecipe(recipe.name), given, options);
}

api::SolutionConfig WithTuningDefaults(api::SolutionConfig config) {
  if (!config.hpo_config) config.hpo_config.emplace();
  auto& resources = config.hpo_config->hpo_resource_config;
  if (!resources) resources.emplace();
  if (!resources->max_number_of_training_jobs) {
    resources->max_number_of_training_jobs = std::string(kDefaultTrainingJobs);
  }
  if (!resources->max_parallel_training_jobs) {
    resources->max_parallel_training_jobs = std::string(kDefaultParallelTrainingJobs);
  }
  return config;
}

Value TuningRequest(const api::SolutionConfig& config) {
  const TuningOptions options = OptionsOf(config);
  ValueList ranges;
  for (const ParameterRange& range : options.ranges) {
    ValueMap entry;
    entry.Set("name", range.name);
    entry.Set("kind", std::string(kKinds[static_cast<std::size_t>(range.kind)]));
    entry.Set("min", range.min);
    entry.Set("max", range.max);
    entry.Set("values", wire::Write(range.values));
    ranges.emplace_back(std::move(entry));
  }
  ValueMap request;
  request.Set("trials", static_cast<std::int64_t>(options.trials));
  request.Set("objective", options.objective);
  request.Set("maximize", options.maximize);
  request.Set("ranges", std::move(ranges));
  return request;
}

TuningOptions TuningOf(const Value& request) {
  TuningOptions options;
  std::int64_t trials = 0;
  wire::ReadMember(request, "trials", trials);
  options.trials = static_cast<std::size_t>(trials);
  wire::ReadMember(request, "objective", options.objective);
  wire::ReadMember(request, "maximize", options.maximize);
  const Value* ranges = request.Find("ranges");
  if (!ranges || !ranges->as_list()) return options;
  for (const Value& entry : *ranges->as_list()) {
    ParameterRange& range = options.ranges.emplace_back();
    std::string kind;
    wire::ReadMember(entry, "name", range.name);
    wire::ReadMember(entry, "kind", kind);
    wire::ReadMember(entry, "min", range.min);
    wire::ReadMember(entry, "max", range.max);
    wire::ReadMember(entry, "values", range.values);
    range.kind = static_cast<RangeKind>(std::ranges::find(kKinds, kind) - std::begin(kKinds));
  }
  return options;
}

std::map<std::string, std::string> TunedParameters(
    const Recipe& recipe, const std::map<std::string, std::string>& hyperparameters) {
  std::map<std::string, std::string> tuned;
  for (const Hyperparameter& parameter : recipe.hyperparameters) {
    const auto value = hyperparameters.find(std::string(parameter.name));
    if (parameter.tunable && value != hyperparameters.end()) tuned.insert(*value);
  }
  return tuned;
}

}  // namespace usher::personalize
