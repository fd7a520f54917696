// Carries runs out: a lane of deliveries, each of which is one run, from its begin to its end.
//
// A run whose process fails is followed by another attempt, a run of its own, while its job's
// MaxRetries allow it. A run that the end of the server cuts begins again, under the same id, at
// most kMaxBegun times in all: its script must bear that, as it must bear a retry.
#pragma once

#include <chrono>
#include <cstdint>

#include "jobs/delivery_queue.h"
#include "services/glue/catalog.h"
#include "services/glue/service.h"

namespace usher::glue {

inline constexpr std::string_view kRunLane = "glue/runs";
inline constexpr int kRunsAtOnce = 8;                // others wait
inline constexpr int kSparkRunsAtOnce = 2;           // of those: a driver takes gigabytes
inline constexpr std::size_t kMaxActiveRuns = 1000;  // that go on or wait
inline constexpr int kMaxBegun = 3;

void AddRunLane(Service& service);

// Adds the run, and the delivery that will carry it out, to the batch, and counts it among the runs
// of its job: where that has as many as are kept, the oldest that have ended go. With
// `service.changing` held until the batch is committed. Errors: internal.
Result<void> AddRunOfJob(storage::Batch& batch, const RunRecord& run, JobRecord job,
                         Service& service);

// When a run without a place looks again, by how many are before it in its line and how many of the
// line may go on at once: 1 s for the first ones, 60 s far behind. Each look is a commit.
[[nodiscard]] std::chrono::seconds TimeToNextLook(std::int64_t before, std::int64_t at_once);

// What the lane calls.
jobs::Outcome CarryOut(const jobs::Delivery& delivery, const jobs::StopToken& stop,
                       Service& service);

}  // namespace usher::glue
