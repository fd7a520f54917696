// Checkpoint: item factors after a sweep, kept in a file so that a killed training goes on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/model_folder.h"
#include "linalg/matrix.h"
#include "recsys/als/als.h"

namespace usher::engine {

// Tells a training apart from all others: what goes in determines the factors.
[[nodiscard]] std::string FingerprintOf(const ModelInfo& info, std::string_view phase);

class Checkpoint {
 public:
  // `fingerprint` tells the training apart from any other: a checkpoint with another one is not
  // used. Without a folder nothing is kept.
  Checkpoint(const std::string& folder, const std::string& name, std::string fingerprint);

  // The start that was kept last, nothing when there is none that fits.
  [[nodiscard]] std::optional<recsys::AlsHooks::Start> Read(std::size_t items,
                                                            std::size_t rank) const;
  // Replaces what was kept. Errors: kInternal when the disk fails.
  Result<void> Write(std::size_t sweeps_done, const linalg::Matrix& items) const;

 private:
  std::string path_;  // empty without a folder
  std::string fingerprint_;
};

}  // namespace usher::engine
