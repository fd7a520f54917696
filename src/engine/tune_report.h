// What a model folder says about how the model came to be: tuning.json and blend.json as text for
// people.
#pragma once

#include <string>

#include "base/result.h"
#include "base/value.h"

namespace usher::engine {

// The table of a tuning report. Errors: kCorrupt, naming the member that is missing.
Result<std::string> FormatTuningReport(const Value& report);

// All that the model folder has: the recipe, the hyperparameters, the search for them and the
// choice of the blend. Errors: those of ReadModelInfo; kCorrupt.
Result<std::string> ExplainModel(const std::string& folder);

}  // namespace usher::engine
