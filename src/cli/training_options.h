// Options that `usher train` and `usher evaluate` have in common.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "engine/train.h"

namespace usher::cli {

struct TrainingOptions {
  std::string interactions;
  engine::TrainOptions train;
};

// The targets lie in `training`, which must outlive the parsing.
[[nodiscard]] std::vector<Option> OptionsOf(TrainingOptions& training);

}  // namespace usher::cli
