#include "services/glue/job_rules.h"

#include "builtin_jobs/builtin_job.h"
#include "services/glue/names.h"

namespace usher::glue {
namespace {

Result<void> CheckRange(std::string_view member, std::int64_t value, std::int64_t least,
                        std::int64_t most) {
  if (value >= least && value <= most) return {};
  return InvalidInput(std::string(member) + " is " + std::to_string(value) + ": it must be from " +
                      std::to_string(least) + " to " + std::to_string(most));
}

Result<void> CheckCommand(const std::optional<api::JobCommand>& command) {
  if (!command || !command->name) {
    return InvalidInput("Command.Name is missing: it is glueetl, pythonshell or usher");
  }
  const std::string& name = *command->name;
  const std::string location = command->script_location.value_or("");
  if (name == kBuiltinCommand) {
    const std::string known = "known are " + builtin_jobs::BuiltinJobNames();
    if (!location.starts_with(kBuiltinPrefix)) {
      return InvalidInput(
          "Command.ScriptLocation of a job that is built in is \"usher:NAME\", "
          "not \"" +
          location + "\": " + known);
    }
    const std::string job = location.substr(kBuiltinPrefix.size());
    if (builtin_jobs::FindBuiltinJob(job)) return {};
    return InvalidInput("there is no built-in job \"" + job + "\": " + known);
  }
  if (name != kSparkCommand && name != kPythonCommand) {
    return InvalidInput("Command.Name '" + name +
                        "' is not supported by Usher: it is glueetl, pythonshell or usher");
  }
  const auto script = builtin_jobs::ParseObjectName(location);
  if (!script || script->key.empty()) {
    return InvalidInput("Command.ScriptLocation is \"" + location +
                        "\": it must name an object as s3://bucket/key");
  }
  if (command->python_version.value_or("3") == "2") {
    return InvalidInput("Command.PythonVersion 2 is not supported by Usher: it is 3 or 3.9");
  }
  return {};
}

// A process takes no NUL in an argument, and no argument without a name.
Result<void> CheckArguments(const Texts& arguments) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : arguments) {
    if (name.empty()) return InvalidInput("an argument has no name");
    if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
      return InvalidInput("the argument " + name + " holds a NUL character");
    }
    if (name.size() + value.size() > kMaxArgumentBytes) {
      return InvalidInput("the argument " + name.substr(0, 100) + " has " +
                          std::to_string(value.size()) + " bytes: at most " +
                          std::to_string(kMaxArgumentBytes) + " are taken");
    }
    bytes += name.size() + value.size();
  }
  if (arguments.size() > kMaxArguments || bytes > kMaxArgumentsBytes) {
    return InvalidInput("there are " + std::to_string(arguments.size()) + " arguments of " +
                        std::to_string(bytes) + " bytes: at most " + std::to_string(kMaxArguments) +
                        " of " + std::to_string(kMaxArgumentsBytes) + " bytes are taken");
  }
  return {};
}

}  // namespace

Result<void> CheckJob(const api::Job& job) {
  if (auto good = CheckCommand(job.command); !good) return good;
  if (job.execution_property && job.execution_property->max_concurrent_runs) {
    auto good = CheckRange("ExecutionProperty.MaxConcurrentRuns",
                           *job.execution_property->max_concurrent_runs, 1, kMaxConcurrentRuns);
    if (!good) return good;
  }
  if (auto good = CheckRange("MaxRetries", job.max_retries.value_or(0), 0, kMaxRetries); !good) {
    return good;
  }
  if (auto good = CheckRange("Timeout", job.timeout.value_or(1), 1, kMaxTimeoutMinutes); !good) {
    return good;
  }
  const auto merged = MergeArguments(job, {});
  return merged ? Result<void>() : Result<void>(merged.error());
}

void FillDefaults(api::Job& job) {
  if (!job.execution_property) job.execution_property.emplace();
  if (!job.execution_property->max_concurrent_runs) {
    job.execution_property->max_concurrent_runs = 1;
  }
  if (!job.max_retries) job.max_retries = 0;
  if (!job.timeout) job.timeout = kDefaultTimeoutMinutes;
}

Result<Texts> MergeArguments(const api::Job& job, const Texts& given) {
  Texts merged = given;
  if (job.default_arguments) {
    merged.insert(job.default_arguments->begin(), job.default_arguments->end());
  }
  for (const auto& [name, value] : job.non_overridable_arguments.value_or(Texts())) {
    merged[name] = value;
  }
  if (const auto good = CheckArguments(merged); !good) return good.error();
  return merged;
}

}  // namespace usher::glue
