#include "functions/movie_functions.h"

#include <array>

#include "functions/batch_transform.h"
#include "functions/batch_trigger.h"

namespace usher::functions {

std::span<const BuiltinFunction> MovieFunctions() {
  static constexpr std::array<BuiltinFunction, 2> kFunctions = {{
      {"batch_trigger", BatchTrigger},
      {"batch_transform", BatchTransform},
  }};
  return kFunctions;
}

}  // namespace usher::functions
