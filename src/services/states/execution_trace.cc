#include "services/states/execution_trace.h"

#include <utility>

#include "tracing/ids.h"
#include "tracing/trace_context.h"

namespace usher::states {
namespace {

std::int64_t Micros(Time time) { return EpochMillis(time) * 1000; }

// The same for the same visit, whichever thread or server asks (FNV-1a).
tracing::SegmentId VisitId(const std::string& segment, std::int64_t entered_event) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : segment + "/" + std::to_string(entered_event)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash == 0 ? 1 : hash;
}

tracing::SegmentId RootId(const Execution& execution) {
  return tracing::ParseSegmentId(execution.trace_segment).value_or(1);
}

tracing::Segment RootSegment(const Execution& execution) {
  tracing::Segment segment;
  segment.name = execution.machine_name;
  segment.id = RootId(execution);
  segment.parent_id = tracing::ParseSegmentId(execution.trace_parent).value_or(0);
  segment.trace_id = execution.trace_root;
  segment.start_us = Micros(execution.started);
  segment.origin = std::string(tracing::kStateMachine);
  segment.aws.Append("execution_arn", execution.arn);
  return segment;
}

tracing::Segment VisitSegment(const Execution& execution, const HistoryEvent& event) {
  tracing::Segment visit;
  visit.name = event.state;
  visit.id = VisitId(execution.trace_segment, event.entered_event);
  visit.parent_id = RootId(execution);
  visit.trace_id = execution.trace_root;
  visit.start_us = Micros(event.entered);
  visit.end_us = Micros(event.time);
  visit.independent = true;
  return visit;
}

}  // namespace

void BeginTrace(tracing::Recorder* recorder, Execution& execution) {
  if (!recorder) return;
  tracing::TraceContext given;
  const auto decision = tracing::ReadTraceHeader(execution.trace_header, given);
  if (decision == tracing::SamplingDecision::kNotSampled) return;
  if (decision == tracing::SamplingDecision::kNone &&
      !recorder->Sample({.service_name = execution.machine_name,
                         .service_type = tracing::kStateMachine,
                         .host = "*",
                         .method = "*",
                         .url_path = "*",
                         .resource_arn = execution.machine_arn})) {
    return;
  }
  execution.trace_root = given.root.empty() ? tracing::NewTraceId(execution.started) : given.root;
  execution.trace_parent = given.parent;
  execution.trace_segment = tracing::FormatSegmentId(tracing::NewSegmentId());
  recorder->Record(RootSegment(execution));
}

void TraceEvents(tracing::Recorder* recorder, const Execution& execution,
                 const std::vector<HistoryEvent>& events) {
  if (!recorder || execution.trace_root.empty()) return;
  for (const HistoryEvent& event : events) {
    const bool failed = event.type == "ExecutionFailed" || event.type == "MapIterationFailed" ||
                        event.type == "ExecutionTimedOut";
    if (event.entered_event != 0) {
      tracing::Segment visit = VisitSegment(execution, event);
      if (failed) {
        visit.AddException(execution.failure.error, execution.failure.cause, false);
      }
      recorder->Record(std::move(visit));
    }
    if (event.type.starts_with("Execution") && event.type != "ExecutionStarted") {
      tracing::Segment root = RootSegment(execution);
      root.end_us = Micros(event.time);
      if (failed) root.AddException(execution.failure.error, execution.failure.cause, false);
      recorder->Record(std::move(root));
    }
  }
}

TaskTrace::TaskTrace(tracing::Recorder* recorder, const Execution& execution,
                     std::int64_t entered_event, wire::CallContext& context)
    : recorder_(execution.trace_root.empty() ? nullptr : recorder),
      root_(execution.trace_root),
      context_(context) {
  if (!recorder_) return;
  visit_.id = VisitId(execution.trace_segment, entered_event);
  context_.trace.root = root_;
  context_.trace.parent = tracing::FormatSegmentId(visit_.id);
  context_.trace.sampled = true;
  context_.trace.recorder = recorder_;
  context_.trace.open = &visit_;
}

void TaskTrace::End(const TaskOutcome& outcome) {
  if (!recorder_) return;
  context_.trace.open = nullptr;
  for (tracing::Segment& call : visit_.subsegments) {
    // An optimised integration has a node of its own: AWSGlue beside Glue.
    if (!outcome.traced_as.empty()) call.name = outcome.traced_as;
    call.parent_id = visit_.id;
    call.trace_id = root_;
    call.independent = true;
    recorder_->Record(std::move(call));
  }
  visit_.subsegments.clear();
}

}  // namespace usher::states
