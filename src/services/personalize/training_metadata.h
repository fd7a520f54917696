// What a training learns from beside who met what: the context columns of the Interactions schema,
// the rows of the group's Items and Users datasets, and what their schemas say
// of each column.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/train.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Pins the files in the job's work folder and tells the training process of them, as members
// "items", "users" and "contextColumns" of `request`; datasets without rows are left out. Done
// again after a crash, it finds what it pinned. Columns that solutionConfig.trainingDataConfig
// leaves out are not learned from.
Result<void> AddMetadata(Service& service, const api::SolutionVersion& version,
                         const std::string& work_folder, ValueMap& request);

// The process's side: what AddMetadata put there.
Result<void> ReadMetadata(const Value& request, engine::TrainOptions& options);

}  // namespace usher::personalize
