#include "wire/dispatcher.h"

#include <chrono>

#include "wire/call_metrics.h"
#include "wire/validate.h"

namespace usher::wire {
namespace {

void End(tracing::OpenSegment& segment, const Operation& operation, const Result<Value>& answer,
         const CallContext& context, bool from_outside) {
  const Error* error = answer ? nullptr : &answer.error();
  DescribeEnd(*segment, operation, error, context, from_outside);
}

}  // namespace

void Dispatcher::Add(const Operation& operation, Handler handler) {
  Check(operation.implemented, "operations.txt lists what is registered");
  const bool added = handlers_
                         .emplace(&operation, Entry{.handler = std::move(handler),
                                                    .role = RoleOf(operation),
                                                    .node = NodeName(operation.service->id)})
                         .second;
  Check(added, "an operation is registered once");
}

Result<Value> Dispatcher::Call(const Operation& operation, const Value& request,
                               CallContext& context) const {
  const auto found = handlers_.find(&operation);
  if (found == handlers_.end()) {
    return Unsupported(std::string(operation.service->title) + " " + std::string(operation.name) +
                       " is not supported by Usher");
  }
  const Entry& entry = found->second;
  const auto traced = [&]() -> Result<Value> {
    if (!context.trace.is_recorded() || entry.role == TraceRole::kSilent) {
      return Run(entry, operation, request, context);
    }
    if (context.trace.open != nullptr) {
      tracing::SubsegmentScope scope(context.trace, entry.node, tracing::kAwsNamespace);
      if (scope) DescribeCall(*scope, operation, request, context, false);
      auto answer = Run(entry, operation, request, context);
      if (scope) End(scope, operation, answer, context, false);
      return answer;
    }
    if (entry.role == TraceRole::kShowsItself) return Run(entry, operation, request, context);
    tracing::SegmentScope scope(context.trace, entry.node, NodeType(entry.node));
    DescribeCall(*scope, operation, request, context, true);
    auto answer = Run(entry, operation, request, context);
    End(scope, operation, answer, context, true);
    return answer;
  };
  if (metrics_ == nullptr || !IsMeasured(operation)) return traced();
  const auto begin = std::chrono::steady_clock::now();
  auto answer = traced();
  Measure(operation, request, answer ? nullptr : &answer.error(),
          std::chrono::steady_clock::now() - begin, *metrics_);
  return answer;
}

Result<Value> Dispatcher::Run(const Entry& entry, const Operation& operation, const Value& request,
                              CallContext& context) {
  if (operation.input) {
    if (const auto valid = Validate(*operation.input, request); !valid) return valid.error();
  }
  return entry.handler(request, context);
}

}  // namespace usher::wire
