// The errors of the States Language, which Retry and Catch name.
//
// Source: Amazon States Language, "Error Names"; Step Functions developer guide, "Handling errors".
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace usher::states {

inline constexpr std::string_view kAll = "States.ALL";
inline constexpr std::string_view kBranchFailed = "States.BranchFailed";
inline constexpr std::string_view kDataLimitExceeded = "States.DataLimitExceeded";
inline constexpr std::string_view kHeartbeatTimeout = "States.HeartbeatTimeout";
inline constexpr std::string_view kIntrinsicFailure = "States.IntrinsicFailure";
inline constexpr std::string_view kItemFailures = "States.ExceedToleratedFailureThreshold";
inline constexpr std::string_view kNoChoiceMatched = "States.NoChoiceMatched";
inline constexpr std::string_view kParameterPathFailure = "States.ParameterPathFailure";
inline constexpr std::string_view kResultPathMatchFailure = "States.ResultPathMatchFailure";
inline constexpr std::string_view kRuntime = "States.Runtime";
inline constexpr std::string_view kTaskFailed = "States.TaskFailed";
inline constexpr std::string_view kTimeout = "States.Timeout";

// Why a state, a branch or an execution has failed.
struct Failure {
  std::string error;  // "States.Timeout", "Personalize.ResourceInUseException", the user's own
  std::string cause;
  bool operator==(const Failure&) const = default;
};

// What the evaluation of data gives: an Error that is named as the language names it.
inline Error StatesError(std::string_view name, std::string cause) {
  return Named(name, ErrorCode::kInvalidInput, std::move(cause));
}
inline Failure FailureOf(const Error& error) {
  return {error.wire_name.empty() ? std::string(kRuntime) : error.wire_name, error.message};
}

}  // namespace usher::states
