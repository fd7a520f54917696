// Names, ids and ARNs of jobs and their runs, and the states of runs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::glue {

// JobRunState.
inline constexpr std::string_view kStarting = "STARTING";
inline constexpr std::string_view kRunning = "RUNNING";
inline constexpr std::string_view kStopping = "STOPPING";
inline constexpr std::string_view kStopped = "STOPPED";
inline constexpr std::string_view kSucceeded = "SUCCEEDED";
inline constexpr std::string_view kFailed = "FAILED";
inline constexpr std::string_view kTimeout = "TIMEOUT";
inline constexpr std::string_view kWaiting = "WAITING";

// STOPPED, SUCCEEDED, FAILED or TIMEOUT: nothing changes any more.
[[nodiscard]] bool HasEnded(std::string_view state);

// Command.Name.
inline constexpr std::string_view kSparkCommand = "glueetl";
inline constexpr std::string_view kPythonCommand = "pythonshell";
inline constexpr std::string_view kBuiltinCommand = "usher";
// Command.ScriptLocation of the last: "usher:copy_objects".
inline constexpr std::string_view kBuiltinPrefix = "usher:";

// "arn:aws:glue:us-east-1:000000000000:job/Name"
[[nodiscard]] std::string JobArn(std::string_view region, std::string_view name);
struct JobName {
  std::string region;
  std::string name;
};
// Errors: invalid input for what is no job's ARN.
Result<JobName> ParseJobArn(std::string_view arn);

// "jr_" and 64 hex digits: of the call that asks for it, so that a call that is made again, by a
// state machine whose server was killed, means the same run. Of chance without a request id.
[[nodiscard]] std::string RunIdOf(std::string_view job_arn, std::string_view request_id);
// "jr_…_attempt_2", of the id of any attempt.
[[nodiscard]] std::string AttemptId(std::string_view run_id, int attempt);

}  // namespace usher::glue
