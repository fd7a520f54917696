// The errors that Step Functions gives, worded as its clients know them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace usher::states {

inline Error MachineDoesNotExist(std::string_view arn) {
  return Named("StateMachineDoesNotExist", ErrorCode::kNotFound,
               "State Machine Does Not Exist: '" + std::string(arn) + "'", 400);
}
inline Error ExecutionDoesNotExist(std::string_view arn) {
  return Named("ExecutionDoesNotExist", ErrorCode::kNotFound,
               "Execution Does Not Exist: '" + std::string(arn) + "'", 400);
}
inline Error ActivityDoesNotExist(std::string_view arn) {
  return Named("ActivityDoesNotExist", ErrorCode::kNotFound,
               "Activity Does Not Exist: '" + std::string(arn) + "'", 400);
}
inline Error InvalidArn(std::string_view arn) {
  return Named("InvalidArn", ErrorCode::kInvalidInput, "Invalid Arn: '" + std::string(arn) + "'",
               400);
}
inline Error InvalidName(std::string_view name) {
  return Named("InvalidName", ErrorCode::kInvalidInput,
               "Invalid Name: '" + std::string(name) +
                   "': a name has 1 to 80 characters, without white space, control characters and "
                   "any of < > { } [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /",
               400);
}
inline Error InvalidPageToken() {
  return Named("InvalidToken", ErrorCode::kInvalidInput, "Invalid Token: it is no token of a page",
               400);
}

}  // namespace usher::states
