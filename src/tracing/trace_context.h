// TraceContext: where in which trace a call stands. It travels beside a request
// (wire::CallContext::trace) and as the header X-Amzn-Trace-Id between processes.
//
// How a service opens a segment of its own, here API Gateway around a call to Lambda:
//
//   context.trace.recorder = dispatcher.recorder();             // nullptr: nobody records
//   tracing::ReadTraceHeader(header, context.trace);            // what the client sent, if
//   anything context.trace.sampled = …                                   // see Sampling below
//   {
//     tracing::SegmentScope stage(context.trace, "Movies/dev", tracing::kApiGatewayStage);
//     if (stage) stage->http = tracing::HttpInfo{.method = "GET", .url = …};
//     auto answer = dispatcher.Call<api::lambda::Invoke>(request, context);
//     if (stage) stage->SetStatus(502);
//   }                                                           // closed and handed to the
//   recorder
//
// While `stage` lives, context.trace.parent is its id. Each dispatcher.Call with this context adds
// a subsegment (namespace "aws") to it by itself, whose id is `parent` for what is called: Lambda
// opens the segment AWS::Lambda below that. A part of one's own work is
//
//   tracing::SubsegmentScope scope(context.trace, "Overhead");
//
// A scope of a trace that is not recorded is false, costs a comparison and changes nothing. Scopes
// end in the opposite order of their making, in one thread: a context serves one call at a time.
//
// Sampling: a header says Sampled=1 or Sampled=0, and is obeyed. Otherwise the one who begins the
// trace asks recorder->Sample(…) once. All is taken unless the user's rules say otherwise.
#pragma once

#include <string>
#include <string_view>

#include "tracing/segment.h"

namespace usher::tracing {

class Recorder;

struct TraceContext {
  std::string root;    // id of the trace; empty: none yet
  std::string parent;  // id of the segment or subsegment that calls, 16 hex digits; empty: none
  bool sampled = false;
  // How many functions, each started by an event that the one before it caused, led to this call
  // ("Lineage=…:<depth>"): what breaks circles of events.
  int depth = 0;

  // Where segments go. nullptr: a call within the server that belongs to nobody's trace; it makes
  // no segments.
  Recorder* recorder = nullptr;
  // The segment that is being made by the caller; calls become its subsegments. nullptr with a
  // recorder: a call from outside.
  Segment* open = nullptr;
  // `root` was made here and not sent by the client: events that the call causes begin traces of
  // their own.
  bool made_here = false;

  // What an event carries that the call causes: the client's trace, if it has sent one. One that
  // began here ends here, as AWS has it: what the event starts is a trace of its own.
  [[nodiscard]] TraceContext ForEvents() const;

  [[nodiscard]] bool is_recorded() const { return recorder != nullptr && sampled; }
};

enum class SamplingDecision { kNone, kSampled, kNotSampled };

// "Root=1-…;Parent=…;Sampled=1;Lineage=usher:3" into `trace`; fields that are missing or no ids
// leave it as it is. Gives what the header says of sampling.
SamplingDecision ReadTraceHeader(std::string_view header, TraceContext& trace);
// The header for who is called; root and parent must be set.
[[nodiscard]] std::string FormatTraceHeader(const TraceContext& trace);

// A segment that is open as long as the scope lives: the common part of the two below.
class OpenSegment {
 public:
  OpenSegment(const OpenSegment&) = delete;
  OpenSegment& operator=(const OpenSegment&) = delete;

  // False when nothing is recorded; then nothing else may be used.
  explicit operator bool() const { return active_; }
  Segment* operator->() { return &segment_; }
  Segment& operator*() { return segment_; }

 protected:
  OpenSegment(TraceContext& trace, bool active) : trace_(trace), active_(active) {}
  ~OpenSegment() = default;
  void Begin(std::string_view name);
  void End();

  TraceContext& trace_;
  const bool active_;
  Segment segment_;

 private:
  Segment* outer_ = nullptr;
  std::string outer_parent_;
  int exceptions_ = 0;
};

// A segment. Makes a root where the trace has none. `end_us` is set at the end unless it was
// before; an exception that passes marks it as a fault.
class SegmentScope : public OpenSegment {
 public:
  SegmentScope(TraceContext& trace, std::string_view name, std::string_view origin);
  ~SegmentScope();
};

inline constexpr std::size_t kMaxSubsegments = 100;  // of one segment, made by scopes

// A subsegment of the segment that is open in `trace`; inactive when none is. Of those beyond
// kMaxSubsegments the segment keeps the number alone.
class SubsegmentScope : public OpenSegment {
 public:
  SubsegmentScope(TraceContext& trace, std::string_view name, std::string_view name_space = {});
  ~SubsegmentScope();

 private:
  Segment* parent_;
};

}  // namespace usher::tracing
