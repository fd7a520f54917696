// The training of a solution version: a job of the server that runs the engine in a child process.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "jobs/child.h"
#include "jobs/job_queue.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Least data that the service trains on. Source: Amazon Personalize developer guide, "Endpoints and
// quotas".
inline constexpr std::uint64_t kMinInteractions = 1000;
inline constexpr std::uint64_t kMinReturningUsers = 25;  // users with at least two interactions

// Job type whose subject is the solution version. CREATE PENDING > CREATE IN_PROGRESS > ACTIVE,
// CREATE FAILED or, after a stop, CREATE STOPPED. A training that was interrupted goes on from its
// last checkpoint.
inline constexpr std::string_view kTrainJob = "personalize.train";
[[nodiscard]] jobs::JobType TrainJob(Service& service);

// The child's side: `usher job train`. Errors: what engine::Train says; invalid input for too
// little data.
inline constexpr std::string_view kTrainChild = "train";
Result<Value> TrainChild(const Value& request, jobs::ChildContext& context);

}  // namespace usher::personalize
