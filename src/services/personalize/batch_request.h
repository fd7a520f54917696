// What the creation of a batch job, of inference or of segments, is checked for.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "services/personalize/catalog.h"
#include "services/personalize/service.h"

namespace usher::personalize {

inline constexpr std::int64_t kDefaultNumResults = 25;

// Errors: invalid input for what are no two different places in buckets, the second a folder.
Result<void> CheckBatchLocations(const std::string& input, const std::string& output);

// Errors: invalid input, unless 1 <= count <= max.
Result<void> CheckNumResults(std::int64_t count, std::int64_t max);

// Errors: in use, unless the version is ACTIVE.
Result<void> CheckActive(const api::SolutionVersion& version);

}  // namespace usher::personalize
