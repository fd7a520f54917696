// The built-in functions of the movie workflow.
#pragma once

#include <span>

#include "functions/builtin_function.h"

namespace usher::functions {

// `batch_trigger` and `batch_transform`.
[[nodiscard]] std::span<const BuiltinFunction> MovieFunctions();

}  // namespace usher::functions
