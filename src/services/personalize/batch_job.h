// The work of a batch inference job and of a batch segment job: objects of JSON lines in, an object
// of answers for each out.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "jobs/child.h"
#include "jobs/job_queue.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Source: Amazon Personalize developer guide, "Endpoints and quotas".
inline constexpr std::size_t kMaxBatchFiles = 1000;

// Job types whose subject is the batch job. Each input object <folder>/name becomes
// <output>/name.out; nothing else appears in the output folder. Interrupted, it begins again and
// writes the same objects.
inline constexpr std::string_view kBatchJob = "personalize.batch";
[[nodiscard]] jobs::JobType BatchJob(Service& service);
inline constexpr std::string_view kSegmentJob = "personalize.segment";
[[nodiscard]] jobs::JobType SegmentJob(Service& service);

// The child's side: `usher job batch`. Errors: what LoadModel and RecommendFile say.
inline constexpr std::string_view kBatchChild = "batch";
Result<Value> BatchChild(const Value& request, jobs::ChildContext& context);

}  // namespace usher::personalize
