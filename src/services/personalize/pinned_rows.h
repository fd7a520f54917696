// Rows of datasets as files of a job's own: what was imported, by a hard link, and what came one by
// one, written out. Pinned once: a job that goes on after a crash sees the rows that it began with.
#pragma once

#include <string>

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Parquet files of one Interactions dataset.
struct PinnedInteractions {
  std::string
      first;         // the imported rows, or, when nothing was imported, those that came one by one
  std::string more;  // those that came one by one; "" when there are none beside `first`
};

// In `folder`. Errors: invalid input when the dataset has no rows; corrupt; internal.
Result<PinnedInteractions> PinInteractions(Service& service, const Stored<api::Dataset>& dataset,
                                           const std::string& folder);

// The rows that came one by one into a group's Interactions dataset, in `folder`; "" when there are
// none. Errors: corrupt; internal.
Result<std::string> PinEvents(Service& service, const std::string& group_arn,
                              const std::string& folder);

// The rows of an Items or Users dataset as one file at `path`, the newest of each id. False when
// there are none. Errors: corrupt; internal.
Result<bool> PinRecords(Service& service, const Stored<api::Dataset>& dataset,
                        const std::string& path);

}  // namespace usher::personalize
