// What is told of executions beside their history: records in a CloudWatch Logs group, and a line
// of the server's log about loops that wait for what has failed.
//
// Source: Step Functions developer guide, "Logging using CloudWatch Logs", "Log levels".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/states/execution.h"
#include "services/states/interpreter.h"
#include "wire/dispatcher.h"

namespace usher::states {

// The group of the first destination; empty when nothing is to be logged.
[[nodiscard]] std::string LogGroupOf(const Value& logging_configuration);
// "states/NAME/2022-07-20-23-50/69b2e5e0"
[[nodiscard]] std::string LogStreamOf(const Execution& execution);

// Those of the events that the level takes, as lines of JSON. Empty when there is none.
[[nodiscard]] std::string LogRecords(const Execution& execution,
                                     const std::vector<HistoryEvent>& events,
                                     std::string_view level, bool with_data);

// Makes the stream when it is not there; the group must be. Errors: those of PutLogEvents.
Result<void> PutLogRecords(const wire::Dispatcher& dispatcher, const std::string& region,
                           const std::string& group, const std::string& stream,
                           std::int64_t time_millis, std::string_view records);

// A result that says that something has failed: {"JobRun": {"JobRunState": "FAILED", …}}.
struct FailedStatus {
  std::string name;  // "JobRun jr_…"
  std::string status;
  std::string reason;
};
std::optional<FailedStatus> FindFailedStatus(const Value& result);

}  // namespace usher::states
