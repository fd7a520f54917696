// Ids of traces and segments, as AWS X-Ray writes them.
//
//   segment   16 hex digits: "70de5b6f19ff9a0a"
//   trace     "1-", 8 hex digits of epoch seconds, "-", 24 hex digits:
//   "1-581cf771-a006649127e371903a2de979"
//
// They tell things apart and are no secrets: new ones come from a generator of each thread, seeded
// by the kernel once. Source: AWS X-Ray Developer Guide, "Sending trace data to AWS X-Ray".
// Cost:    under 100 ns. Threads: safe from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace usher::tracing {

// The 64 bits of a segment's id; 0 for none.
using SegmentId = std::uint64_t;

[[nodiscard]] SegmentId NewSegmentId();
[[nodiscard]] std::string NewTraceId(Time now);

[[nodiscard]] std::string FormatSegmentId(SegmentId id);
// nullopt for what is not 16 hex digits, or all of them 0.
[[nodiscard]] std::optional<SegmentId> ParseSegmentId(std::string_view text);

// Epoch seconds in a trace's id; nullopt for what is none. Hex digits of either case are taken.
[[nodiscard]] std::optional<std::int64_t> TraceSeconds(std::string_view trace_id);
[[nodiscard]] inline bool IsTraceId(std::string_view text) {
  return TraceSeconds(text).has_value();
}

}  // namespace usher::tracing
