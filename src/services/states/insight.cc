#include "services/states/insight.h"

#include "services/states/errors.h"
#include "services/states/names.h"

namespace usher::states {

namespace {

// The execution that a request names. Errors: invalid input without the member; does not exist.
Result<Execution> Asked(const Value& request, Service& service) {
  const Value* given = request.Find("executionArn");
  const std::string* arn = given ? given->as_string() : nullptr;
  if (!arn) return InvalidInput("executionArn is needed");
  if (const auto valid = CheckExecutionArn(*arn); !valid) return valid.error();
  auto found = service.store().FindExecution(*arn);
  if (!found) return found.error();
  return std::move(found->execution);
}

}  // namespace

Result<Value> TraceOfExecution(const Value& request, Service& service) {
  const auto execution = Asked(request, service);
  if (!execution) return execution.error();
  ValueMap answer;
  if (!execution->trace_root.empty()) answer.Append("traceId", execution->trace_root);
  return Value(std::move(answer));
}

Result<Value> EventsOfExecution(const Value& request, Service& service) {
  const auto execution = Asked(request, service);
  if (!execution) return execution.error();
  const Value* given = request.Find("ids");
  const ValueList* ids = given ? given->as_list() : nullptr;
  if (!ids || ids->size() > kMaxAskedEvents) {
    return InvalidInput("ids must be a list of at most " + std::to_string(kMaxAskedEvents) +
                        " numbers of events");
  }
  ValueList events;
  for (const Value& one : *ids) {
    const std::int64_t* id = one.as_int();
    if (!id) return InvalidInput("ids must be whole numbers");
    auto event = service.store().FindEvent(execution->arn, *id);
    if (!event) return event.error();
    if (*event) events.push_back(**std::move(event));
  }
  ValueMap answer;
  answer.Append("events", std::move(events));
  return Value(std::move(answer));
}

}  // namespace usher::states
