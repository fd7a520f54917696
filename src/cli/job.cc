#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "builtin_jobs/child.h"
#include "cli/options.h"
#include "jobs/child.h"
#include "services/personalize/batch_job.h"
#include "services/personalize/import_job.h"
#include "services/personalize/train_job.h"

namespace usher::cli {
namespace {

struct ChildJob {
  std::string_view name;
  Result<Value> (*run)(const Value& request, jobs::ChildContext& context);
};

// Everything that the server runs as a child process of this program.
constexpr std::array<ChildJob, 4> kChildJobs{{
    {personalize::kImportChild, personalize::ImportChild},
    {personalize::kTrainChild, personalize::TrainChild},
    {personalize::kBatchChild, personalize::BatchChild},
    {builtin_jobs::kBuiltinChild, builtin_jobs::BuiltinChild},
}};

}  // namespace

int Job(Arguments arguments) {
  std::string work_folder;
  const std::vector<Option> options{{"--work", "FOLDER",
                                     "folder with request.json; result.json is written there",
                                     TakeText(work_folder), Option::kRequired}};
  constexpr CommandHelp kHelp{.name = "job",
                              .purpose =
                                  "Runs one of the server's jobs: import, train, batch or a "
                                  "built-in job of Glue. The server starts it by "
                                  "itself; progress goes to standard output.",
                              .positionals = "NAME"};
  std::vector<std::string> names;
  if (const auto exit = ParseOptions(kHelp, options, arguments, &names)) return *exit;
  if (names.size() != 1) return FailUsage("job", "name one job");
  const auto job = std::ranges::find(kChildJobs, names.front(), &ChildJob::name);
  if (job == kChildJobs.end()) return FailUsage("job", "there is no job \"" + names.front() + "\"");
  return jobs::RunChildMain(work_folder, job->run);
}

}  // namespace usher::cli
