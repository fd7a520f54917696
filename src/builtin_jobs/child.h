// The side of the child process: what `usher job builtin --work FOLDER` does with its request.
//
//   {"job": "copy_objects", "arguments": {"SOURCE": "s3://…", …}}
//
// The server and its key come by the environment (server_context.h). Progress goes to standard
// output (jobs/child.h), the run's lines to standard error.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "builtin_jobs/builtin_job.h"
#include "jobs/child.h"

namespace usher::builtin_jobs {

inline constexpr std::string_view kBuiltinChild = "builtin";

[[nodiscard]] Value ChildRequest(std::string_view job, const JobArguments& arguments);

// The answer is an empty object. Errors: the job's own; invalid input for a job that is not known.
Result<Value> BuiltinChild(const Value& request, jobs::ChildContext& context);

}  // namespace usher::builtin_jobs
