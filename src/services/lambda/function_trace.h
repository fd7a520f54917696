// The segments of an invocation, as AWS Lambda sends them: one of the service (origin AWS::Lambda)
// for the whole time, and below it one of the function (AWS::Lambda::Function) with the subsegments
// Initialization (of a cold start: it lies before the function's own time), Invocation and
// Overhead. What the function traces by itself, and the calls that it makes, hang under Invocation.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "services/lambda/executor.h"
#include "services/lambda/sandbox.h"
#include "tracing/recorder.h"
#include "tracing/trace_context.h"

namespace usher::lambda {

inline constexpr std::string_view kInvocation = "Invocation";

// The trace of an invocation: that of whoever calls. Where there is none and the function's tracing
// is Active, one begins here, if the rules for sampling take it.
[[nodiscard]] tracing::TraceContext TraceOf(const RunRequest& request,
                                            const api::FunctionConfiguration& configuration,
                                            tracing::Recorder* recorder);

void DescribeService(tracing::Segment& segment, const RunRequest& request, const std::string& arn);
void DescribeFunction(tracing::Segment& segment, const std::string& request_id,
                      const std::string& arn);
// Marks the subsegment Invocation of a function that has failed, with the reason in its payload.
void DescribeFailure(tracing::Segment& invocation, const InvocationResult& result);
// "XRAY TraceId: …\tSegmentId: …\tSampled: true", which follows the line REPORT.
[[nodiscard]] std::string TraceLine(const tracing::Segment& function);

// The function's segment around one call of a sandbox.
class FunctionTrace {
 public:
  // `trace` stands at the service's segment; it outlives this.
  FunctionTrace(const tracing::TraceContext& trace, std::string_view name, const std::string& arn,
                const std::string& request_id);

  // What the runtime is told in Lambda-Runtime-Trace-Id.
  [[nodiscard]] std::string Header(Time now) const;
  // Empty where nothing is recorded.
  [[nodiscard]] std::string LogLine() const;
  // Hands the segment over.
  void End(const InvocationResult& result);

 private:
  const tracing::TraceContext& trace_;
  const std::chrono::steady_clock::time_point steady_;  // the same moment as …
  const std::int64_t now_us_;                           // … this one
  tracing::Segment segment_;
  tracing::SegmentId invocation_;
};

}  // namespace usher::lambda
