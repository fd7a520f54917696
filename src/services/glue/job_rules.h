// What a job may be, and what a run of it is started with.
//
// Source: AWS Glue API, "Job"; AWS Glue Developer Guide, "AWS Glue job parameters".
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "services/glue/catalog.h"

namespace usher::glue {

inline constexpr std::int64_t kMaxConcurrentRuns = 1000;
inline constexpr std::int64_t kMaxRetries = 10;
inline constexpr std::int64_t kDefaultTimeoutMinutes = 2880;   // two days
inline constexpr std::int64_t kMaxTimeoutMinutes = 10'080;     // seven
inline constexpr std::size_t kMaxArguments = 200;              // of a run
inline constexpr std::size_t kMaxArgumentBytes = 96U << 10;    // of one value
inline constexpr std::size_t kMaxArgumentsBytes = 256U << 10;  // of a run, names and values

// Errors: invalid input, naming the member and what is accepted.
Result<void> CheckJob(const api::Job& job);

// A job as it is kept: with the values that are taken for what was not given.
void FillDefaults(api::Job& job);

// The run's arguments over the job's defaults; those that are not to be overridden over both.
// Errors: invalid input when there are too many or they are too long.
Result<Texts> MergeArguments(const api::Job& job, const Texts& given);

}  // namespace usher::glue
