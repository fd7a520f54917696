#include <algorithm>
#include <exception>
#include <new>

#include "builtin_jobs/builtin_job.h"
#include "builtin_jobs/copy_objects.h"
#include "builtin_jobs/prepare_interactions.h"

namespace usher::builtin_jobs {

std::span<const BuiltinJob> BuiltinJobs() {
  static const std::vector<BuiltinJob> kJobs = {
      {.name = "copy_objects",
       .purpose = "copies the objects under SOURCE to the same names under TARGET",
       .required = {"SOURCE", "TARGET"},
       .run = CopyObjects},
      {.name = "prepare_interactions",
       .purpose = "makes interactions and metadata of RATINGS and MOVIES under OUTPUT",
       .required = {"RATINGS", "MOVIES", "OUTPUT"},
       .run = PrepareInteractions},
  };
  return kJobs;
}

const BuiltinJob* FindBuiltinJob(std::string_view name) {
  const auto jobs = BuiltinJobs();
  const auto found = std::ranges::find(jobs, name, &BuiltinJob::name);
  return found == jobs.end() ? nullptr : &*found;
}

std::string BuiltinJobNames() {
  std::string names;
  const auto jobs = BuiltinJobs();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i > 0) names += i + 1 == jobs.size() ? " and " : ", ";
    names += jobs[i].name;
  }
  return names;
}

Result<void> RunBuiltinJob(const BuiltinJob& job, const JobArguments& arguments,
                           JobContext& context) {
  std::string missing;
  for (const std::string_view name : job.required) {
    if (arguments.contains(name)) continue;
    if (!missing.empty()) missing += ", ";
    missing += "--" + std::string(name);
  }
  if (!missing.empty()) {
    return InvalidInput("the built-in job " + std::string(job.name) + " needs the argument(s) " +
                        missing);
  }
  try {
    return job.run(arguments, context);
  } catch (const std::bad_alloc&) {
    return Internal("not enough memory for the built-in job " + std::string(job.name));
  } catch (const std::exception& bug) {
    return Internal("unexpected: " + std::string(bug.what()));
  }
}

}  // namespace usher::builtin_jobs
