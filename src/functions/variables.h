// The environment variables of a built-in function, checked when they are asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "functions/builtin_function.h"

namespace usher::functions {

// nullopt when it is not set or empty.
[[nodiscard]] std::optional<std::string> Variable(const FunctionContext& context,
                                                  const std::string& name);

// Errors: invalid input, naming the variable and `what` it must hold ("the ARN of a campaign").
Result<std::string> Needed(const FunctionContext& context, const std::string& name,
                           const std::string& what);

// A number that is at least 1; nullopt when it is not set. Errors: invalid input naming the
// variable.
Result<std::optional<std::int64_t>> Count(const FunctionContext& context, const std::string& name);

}  // namespace usher::functions
