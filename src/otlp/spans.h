// Segments of X-Ray as spans of OpenTelemetry, in OTLP's JSON.
//
// A segment becomes a span of the resource service.name = its name; each subsegment a span below
// it, of the kind client where it is a call. The id of a trace is its 8 and 24 digits behind each
// other. Segments that have not ended have no span. Source: OpenTelemetry Protocol
// specification 1.3, "OTLP/HTTP", JSON Protobuf encoding; trace.proto.
#pragma once

#include <span>
#include <string>

#include "tracing/segment.h"

namespace usher::otlp {

// {"resourceSpans": […]}: the body of POST /v1/traces.
[[nodiscard]] std::string WriteSpans(std::span<const tracing::Segment> segments);

}  // namespace usher::otlp
