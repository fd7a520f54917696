// How an execution shows in a trace: a segment named after its machine, a subsegment for each visit
// of a state, and in it the call that a task makes.
//
// An execution outlives threads and servers, so that its parts are sent as they end, each as a
// document of its own that names what it belongs to.
//
// Source: AWS X-Ray developer guide, "AWS Step Functions and AWS X-Ray".
#pragma once

#include <string>
#include <vector>

#include "services/states/execution.h"
#include "services/states/integrations.h"
#include "services/states/interpreter.h"
#include "tracing/recorder.h"
#include "wire/dispatcher.h"

namespace usher::states {

// Decides whether a new execution is traced (Execution::trace_root is not empty then), by its
// trace_header or by the rules of sampling, and tells of its beginning. `recorder` may be nullptr.
void BeginTrace(tracing::Recorder* recorder, Execution& execution);

// What the events say has ended: visits of states, the execution.
void TraceEvents(tracing::Recorder* recorder, const Execution& execution,
                 const std::vector<HistoryEvent>& events);

// Lives around the call of a task and records it as part of the visit that began with this event.
class TaskTrace {
 public:
  TaskTrace(tracing::Recorder* recorder, const Execution& execution, std::int64_t entered_event,
            wire::CallContext& context);
  // Once the call has returned.
  void End(const TaskOutcome& outcome);

 private:
  tracing::Recorder* recorder_;
  const std::string root_;
  tracing::Segment visit_;
  wire::CallContext& context_;
};

}  // namespace usher::states
