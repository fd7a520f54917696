#include "services/lambda/function_trace.h"

#include <utility>

#include "json/json.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxExceptionText = 500;

std::string TextIn(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  if (member == nullptr || member->as_string() == nullptr) return {};
  return member->as_string()->substr(0, kMaxExceptionText);
}

}  // namespace

tracing::TraceContext TraceOf(const RunRequest& request,
                              const api::FunctionConfiguration& configuration,
                              tracing::Recorder* recorder) {
  tracing::TraceContext trace = request.trace;
  trace.recorder = recorder;
  trace.open = nullptr;
  const bool is_active =
      configuration.tracing_config && configuration.tracing_config->mode == "Active";
  if (recorder != nullptr && trace.root.empty() && !trace.sampled && is_active) {
    trace.sampled = recorder->Sample({.service_name = configuration.function_name.value_or(""),
                                      .service_type = tracing::kLambdaFunction,
                                      .resource_arn = configuration.function_arn.value_or("")});
  }
  return trace;
}

void DescribeService(tracing::Segment& segment, const RunRequest& request, const std::string& arn) {
  segment.aws.reserve(3);
  segment.aws.Append("request_id", request.request_id);
  segment.aws.Append("resource_arn", arn);
  segment.aws.Append("function_arn", arn);
  segment.http.emplace();
}

void DescribeFunction(tracing::Segment& segment, const std::string& request_id,
                      const std::string& arn) {
  segment.aws.reserve(2);
  segment.aws.Append("function_arn", arn);
  segment.aws.Append("request_id", request_id);
}

void DescribeFailure(tracing::Segment& invocation, const InvocationResult& result) {
  if (result.kind == InvocationResult::Kind::kResponse) return;
  const auto payload = json::Parse(result.payload);
  const std::string type = payload ? TextIn(*payload, "errorType") : "";
  const std::string message = payload ? TextIn(*payload, "errorMessage") : "";
  invocation.AddException(type.empty() ? "Unhandled" : type, message, !result.is_fault);
}

std::string TraceLine(const tracing::Segment& function) {
  return "XRAY TraceId: " + function.trace_id +
         "\tSegmentId: " + tracing::FormatSegmentId(function.id) + "\tSampled: true\t";
}

FunctionTrace::FunctionTrace(const tracing::TraceContext& trace, std::string_view name,
                             const std::string& arn, const std::string& request_id)
    : trace_(trace),
      steady_(std::chrono::steady_clock::now()),
      now_us_(trace.is_recorded() ? trace.recorder->NowMicros() : 0),
      invocation_(tracing::NewSegmentId()) {
  if (!trace.is_recorded()) return;
  segment_.name = name;
  segment_.id = tracing::NewSegmentId();
  segment_.parent_id = tracing::ParseSegmentId(trace.parent).value_or(0);
  segment_.trace_id = trace.root;
  segment_.origin = tracing::kLambdaFunction;
  DescribeFunction(segment_, request_id, arn);
}

std::string FunctionTrace::Header(Time now) const {
  tracing::TraceContext header;
  header.root = trace_.root.empty() ? tracing::NewTraceId(now) : trace_.root;
  header.sampled = trace_.is_recorded();
  header.depth = trace_.depth;
  // Who is not recorded is still told whose call it is.
  header.parent = trace_.is_recorded() || trace_.parent.empty()
                      ? tracing::FormatSegmentId(invocation_)
                      : trace_.parent;
  return tracing::FormatTraceHeader(header);
}

std::string FunctionTrace::LogLine() const {
  return trace_.is_recorded() ? TraceLine(segment_) : std::string();
}

void FunctionTrace::End(const InvocationResult& result) {
  if (!trace_.is_recorded()) return;
  const auto at = [&](InvocationTimes::SteadyTime time) {
    return now_us_ + std::chrono::duration_cast<std::chrono::microseconds>(time - steady_).count();
  };
  const auto add = [&](std::string_view name, InvocationTimes::SteadyTime begin,
                       InvocationTimes::SteadyTime end) -> tracing::Segment& {
    tracing::Segment part;
    part.name = name;
    part.id = tracing::NewSegmentId();
    part.start_us = at(begin);
    part.end_us = at(end);
    return segment_.subsegments.emplace_back(std::move(part));
  };
  const InvocationTimes& times = result.times;
  segment_.start_us = at(times.begin);
  segment_.end_us = at(times.end);
  if (times.init_begin) add("Initialization", *times.init_begin, times.init_end);
  tracing::Segment& invocation = add(kInvocation, times.begin, times.reported);
  invocation.id = invocation_;
  DescribeFailure(invocation, result);
  add("Overhead", times.reported, times.end);
  if (result.kind != InvocationResult::Kind::kResponse) {
    (result.is_fault ? segment_.fault : segment_.error) = true;
  }
  trace_.recorder->Record(std::move(segment_));
}

}  // namespace usher::lambda
