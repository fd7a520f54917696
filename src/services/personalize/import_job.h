// The import of CSV objects into a dataset: a job of the server that runs the engine in a child
// process.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "jobs/child.h"
#include "jobs/job_queue.h"
#include "services/personalize/service.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxImportFiles = 10'000;

// Job type whose subject is the dataset import job. The dataset keeps its old rows until the commit
// that names the new file and makes the job ACTIVE. Interrupted, it begins again.
inline constexpr std::string_view kImportJob = "personalize.import";
[[nodiscard]] jobs::JobType ImportJob(Service& service);

// The child's side: `usher job import`. Errors: what engine::Import says.
inline constexpr std::string_view kImportChild = "import";
Result<Value> ImportChild(const Value& request, jobs::ChildContext& context);

}  // namespace usher::personalize
