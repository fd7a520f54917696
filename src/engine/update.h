// An update: a training that continues from an earlier model instead of beginning anew.
//
// Taken over from the earlier model are its hyperparameters, seed, blend, temperature, metrics and
// calibration, and the factors of the items that it knew, found again by id. New items begin at
// zero. From there the last kUpdateSweeps sweeps run over all of the new interactions, transitions
// are counted again and every user is folded in, so that nothing but the factors depends on the
// past. Nothing is held out: the metrics are those of the earlier model.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/model_folder.h"
#include "linalg/matrix.h"
#include "recsys/als/als.h"

namespace usher::engine {

inline constexpr std::size_t kUpdateSweeps = 2;

struct UpdateBase {
  ModelInfo info;               // of the earlier model
  std::string manifest_sha256;  // names every file of it by checksum
  linalg::Matrix item_factors;  // [item_ids x rank], of the new interactions' items
  std::size_t new_items = 0;    // that the earlier model did not know

  // Where a training of `sweeps` sweeps goes on.
  [[nodiscard]] recsys::AlsHooks::Start StartOf(std::size_t sweeps) const;
  // The earlier model's manifest, with what follows from the new interactions left to fill in.
  [[nodiscard]] ModelInfo NewInfo() const;
};

// Whether models of this kind can be updated: those with factors.
[[nodiscard]] bool CanUpdate(RecipeKind kind);

// Errors: as LoadModel; kUnsupported for a model of a kind that cannot be updated.
Result<UpdateBase> ReadUpdateBase(const std::string& folder, std::span<const std::string> item_ids);

// Copies the reports on how the earlier model came to be, if it has any, into a folder that is
// being written. Errors: kInternal when the disk fails.
Result<void> CopyReports(const std::string& from, const std::string& to);

}  // namespace usher::engine
