#include "tracing/trace_context.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "base/text.h"
#include "tracing/recorder.h"

namespace usher::tracing {
namespace {

constexpr int kMaxDepth = 1'000;  // deeper than any circle is let go on

// The count at the end of "Lineage=<hash>:<count>"; 0 when there is none.
int DepthOf(std::string_view lineage) {
  const std::string_view count = lineage.substr(lineage.rfind(':') + 1);
  int depth = 0;
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), depth);
  if (error != std::errc() || end != count.data() + count.size()) return 0;
  return std::clamp(depth, 0, kMaxDepth);
}

}  // namespace

TraceContext TraceContext::ForEvents() const {
  TraceContext event;
  event.depth = depth;
  if (made_here) return event;
  event.root = root;
  event.parent = parent;
  event.sampled = sampled;
  return event;
}

SamplingDecision ReadTraceHeader(std::string_view header, TraceContext& trace) {
  SamplingDecision decision = SamplingDecision::kNone;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    const std::string_view part = Trim(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    if (part.starts_with("Root=") && IsTraceId(part.substr(5))) trace.root = part.substr(5);
    if (part.starts_with("Parent=") && ParseSegmentId(part.substr(7))) {
      trace.parent = part.substr(7);
    }
    if (part == "Sampled=1") decision = SamplingDecision::kSampled;
    if (part == "Sampled=0") decision = SamplingDecision::kNotSampled;
    if (part.starts_with("Lineage=")) trace.depth = DepthOf(part.substr(8));
  }
  return decision;
}

std::string FormatTraceHeader(const TraceContext& trace) {
  return "Root=" + trace.root + ";Parent=" + trace.parent +
         ";Sampled=" + (trace.sampled ? "1" : "0") +
         (trace.depth > 0 ? ";Lineage=usher:" + std::to_string(trace.depth) : "");
}

void OpenSegment::Begin(std::string_view name) {
  segment_.name = name;
  segment_.id = NewSegmentId();
  segment_.start_us = trace_.recorder->NowMicros();
  outer_ = std::exchange(trace_.open, &segment_);
  outer_parent_ = std::exchange(trace_.parent, FormatSegmentId(segment_.id));
  exceptions_ = std::uncaught_exceptions();
}

void OpenSegment::End() {
  trace_.open = outer_;
  trace_.parent = std::move(outer_parent_);
  if (segment_.end_us == 0) segment_.end_us = trace_.recorder->NowMicros();
  if (std::uncaught_exceptions() > exceptions_) segment_.fault = true;
}

SegmentScope::SegmentScope(TraceContext& trace, std::string_view name, std::string_view origin)
    : OpenSegment(trace, trace.is_recorded()) {
  if (!active_) return;
  segment_.parent_id = ParseSegmentId(trace.parent).value_or(0);
  Begin(name);
  if (trace.root.empty()) {
    trace.root = NewTraceId(FromEpochMillis(segment_.start_us / 1000));
    trace.made_here = true;
  }
  segment_.trace_id = trace.root;
  segment_.origin = origin;
}

SegmentScope::~SegmentScope() {
  if (!active_) return;
  End();
  trace_.recorder->Record(std::move(segment_));
}

SubsegmentScope::SubsegmentScope(TraceContext& trace, std::string_view name,
                                 std::string_view name_space)
    : OpenSegment(trace, trace.is_recorded() && trace.open != nullptr &&
                             trace.open->subsegments.size() < kMaxSubsegments),
      parent_(trace.open) {
  if (!active_) {
    if (trace.is_recorded() && trace.open != nullptr) ++trace.open->subsegments_left_out;
    return;
  }
  Begin(name);
  segment_.name_space = name_space;
}

SubsegmentScope::~SubsegmentScope() {
  if (!active_) return;
  End();
  parent_->subsegments.push_back(std::move(segment_));
}

}  // namespace usher::tracing
