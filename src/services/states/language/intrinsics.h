// The intrinsic functions, over evaluated arguments.
//
// Source: Amazon States Language, "Appendix B: List of Intrinsic Functions"; Step Functions
//         developer guide, "Intrinsic functions", for limits.
// Errors: States.IntrinsicFailure, naming the function and what it does not take.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace usher::states {

inline constexpr std::size_t kMaxIntrinsicTextBytes = 10'000;  // that Base64 and Hash take
inline constexpr std::size_t kMaxIntrinsicRange = 1000;        // elements of ArrayRange
inline constexpr std::size_t kMaxIntrinsicResult = 1U << 20;   // bytes of a text that Format makes

struct IntrinsicFunction {
  std::string_view name;  // "States.Format"
  std::size_t min_arguments;
  std::size_t max_arguments;
  Result<Value> (*evaluate)(std::span<const Value> arguments);
};

// nullptr when there is none of this name.
const IntrinsicFunction* FindIntrinsic(std::string_view name);
// All of them, for tests and messages.
std::span<const IntrinsicFunction> AllIntrinsics();

}  // namespace usher::states
