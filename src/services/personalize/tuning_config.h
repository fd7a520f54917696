// Hyperparameter optimisation as solutions are configured: performHPO and hpoConfig.
// Source: Amazon Personalize API reference, HPOConfig; limits as the structure's documentation has
// them.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/tune.h"
#include "services/personalize/catalog.h"
#include "services/personalize/recipes.h"

namespace usher::personalize {

inline constexpr std::int64_t kMaxTrainingJobs = 40;
inline constexpr std::int64_t kMaxParallelTrainingJobs = 10;
inline constexpr std::string_view kDefaultTrainingJobs = "20";
inline constexpr std::string_view kDefaultParallelTrainingJobs = "1";  // each takes all cores

// Whether performHPO may be true.
[[nodiscard]] bool CanTune(const Recipe& recipe);

// Checks performHPO with what the configuration says about it. Errors: invalid input.
Result<void> CheckTuning(const Recipe& recipe, bool perform_hpo, const api::SolutionConfig& config);

// The configuration with the defaults of hpoResourceConfig where performHPO needs them.
[[nodiscard]] api::SolutionConfig WithTuningDefaults(api::SolutionConfig config);

// What the training process is asked for, from a checked configuration, and back.
[[nodiscard]] Value TuningRequest(const api::SolutionConfig& config);
[[nodiscard]] engine::TuningOptions TuningOf(const Value& request);

// The tuned hyperparameters that clients know.
[[nodiscard]] std::map<std::string, std::string> TunedParameters(
    const Recipe& recipe, const std::map<std::string, std::string>& hyperparameters);

}  // namespace usher::personalize
