// The filter of a batch job: checked when the job is made, its rows pinned when it begins, read by
// its process.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/model_filter.h"
#include "engine/model_folder.h"
#include "services/personalize/recipes.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Whether a job over a version of this recipe may have the filter. Errors: not found; invalid input
// for a filter of another dataset group or about another target.
Result<void> CheckBatchFilter(const Service& service, const std::string& filter_arn,
                              const api::SolutionVersion& version, const Recipe& recipe);

// Writes the rows that the filter looks at, as they are now, into the job's work folder, and gives
// what the process needs to know. Errors: not found; invalid input; corrupt; internal.
Result<Value> PinFilter(Service& service, const std::string& filter_arn,
                        const std::string& work_folder);

// In the process: the filter over the items of `model`, or its users when it is about users.
// `model` must outlive it. Errors: invalid input; corrupt; internal.
Result<std::unique_ptr<const engine::ModelFilter>> ReadFilter(const Value& pinned,
                                                              const engine::LoadedModel& model);

}  // namespace usher::personalize
