// How a call of an operation shows in a trace.
//
// A call from outside is a segment, named after the service ("S3", origin "AWS::S3"); within
// another segment it is a subsegment of the namespace "aws". Some calls show nothing, so that a map
// holds what users do and not how they watch it; some show themselves.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"
#include "tracing/segment.h"
#include "wire/shape.h"

namespace usher::wire {

struct CallContext;

enum class TraceRole {
  kShown,
  // From outside, the service opens segments of its own: AWS::Lambda for Invoke.
  kShowsItself,
  // Looking at traces, logs and metrics, and waiting for a queue's messages: no part of any trace.
  kSilent,
};

[[nodiscard]] TraceRole RoleOf(const Operation& operation);

// The service's name in traces, by any of its ids: "personalize-runtime" is "Personalize". An id
// that no service of ours has is given back as it is.
[[nodiscard]] std::string_view NodeName(std::string_view service_id);
// "AWS::" and the name.
[[nodiscard]] std::string NodeType(std::string_view node_name);

// What the caller asked for: operation, region, request id, names of resources; for a segment also
// the client's HTTP request.
void DescribeCall(tracing::Segment& segment, const Operation& operation, const Value& request,
                  const CallContext& context, bool from_outside);
// How it ended; `error` is nullptr for success.
void DescribeEnd(tracing::Segment& segment, const Operation& operation, const Error* error,
                 const CallContext& context, bool from_outside);

}  // namespace usher::wire
