// Numbers of calls that CloudWatch shows under AWS/Personalize: for each campaign, recommender and
// event tracker, how often an operation was called, how long it took, and how it failed.
#pragma once

#include <chrono>

#include "base/error.h"
#include "base/value.h"
#include "metrics/registry.h"
#include "wire/shape.h"

namespace usher::wire {

// Whether the operation is one of those.
[[nodiscard]] bool IsMeasured(const Operation& operation);

// `error` is nullptr for success.
void Measure(const Operation& operation, const Value& request, const Error* error,
             std::chrono::steady_clock::duration time, metrics::Registry& metrics);

}  // namespace usher::wire
