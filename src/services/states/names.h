// Names and ARNs of machines, executions and activities.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::states {

// 1 to 80 characters, none of those that ARNs and shells give a meaning. Errors: invalid name.
Result<void> CheckName(std::string_view name);

[[nodiscard]] std::string MachineArn(std::string_view region, std::string_view name);
[[nodiscard]] std::string ActivityArn(std::string_view region, std::string_view name);
// Of an express machine's execution, which may share its name with others: with a random part.
[[nodiscard]] std::string ExecutionArn(std::string_view machine_arn, std::string_view name,
                                       bool express);

// Errors: invalid ARN; unsupported for what names a version or an alias.
Result<void> CheckMachineArn(std::string_view arn);
// Errors: invalid ARN, also for executions of express machines, which leave nothing behind.
Result<void> CheckExecutionArn(std::string_view arn);
Result<void> CheckActivityArn(std::string_view arn);

}  // namespace usher::states
