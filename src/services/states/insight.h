// What people want to know of executions that AWS's operations do not tell: for the console. Plain
// functions from JSON to JSON, as the pages take it.
//
// Threads: safe from any thread.
#pragma once

#include "base/result.h"
#include "base/value.h"
#include "services/states/service.h"

namespace usher::states {

inline constexpr std::size_t kMaxAskedEvents = 16;  // each has up to 256 KB of data

// {"executionArn"} -> {"traceId"}: of the trace that the execution is a part of; left out when it
// is not traced. Errors: invalid input without the member; does not exist.
Result<Value> TraceOfExecution(const Value& request, Service& service);

// {"executionArn", "ids": […]} -> {"events": […]}: these events of its history with all their data,
// as GetExecutionHistory gives them, in the order of the ids; those that do not exist are left out.
// Errors: invalid input for anything but up to kMaxAskedEvents numbers; does not exist.
Result<Value> EventsOfExecution(const Value& request, Service& service);

}  // namespace usher::states
