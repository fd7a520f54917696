#include "services/states/execution_log.h"

#include <array>

#include "base/text.h"
#include "base/value_members.h"
#include "json/json.h"

namespace usher::states {
namespace {

// Of one PutLogEvents, as the service has it.
constexpr std::size_t kMaxUploadBytes = 1'000'000;
constexpr std::size_t kEventBytes = 26;

bool IsFatal(std::string_view type) {
  return type == "ExecutionAborted" || type == "ExecutionFailed" || type == "ExecutionTimedOut";
}

bool IsError(std::string_view type) {
  return type.ends_with("Failed") || type.ends_with("TimedOut") || type.ends_with("Aborted") ||
         type == "FailStateEntered";
}

bool IsData(std::string_view member) {
  return member == "input" || member == "output" || member == "parameters" ||
         member == "inputDetails" || member == "outputDetails";
}

Result<Value> Call(const wire::Dispatcher& dispatcher, const std::string& region,
                   std::string_view operation, ValueMap request) {
  const wire::Service* logs = wire::FindService("logs");
  Check(logs != nullptr, "operations.txt names the service logs");
  wire::CallContext context;
  context.region = region;
  return dispatcher.Call(*wire::FindOperation(*logs, operation), std::move(request), context);
}

Result<void> Put(const wire::Dispatcher& dispatcher, const std::string& region,
                 const std::string& group, const std::string& stream, ValueList events) {
  ValueMap request;
  request.Append("logGroupName", group);
  request.Append("logStreamName", stream);
  ValueMap made = request;
  request.Append("logEvents", std::move(events));
  auto put = Call(dispatcher, region, "PutLogEvents", request);
  if (!put && put.error().code == ErrorCode::kNotFound) {
    const auto created = Call(dispatcher, region, "CreateLogStream", std::move(made));
    if (!created && created.error().code != ErrorCode::kAlreadyExists) return created.error();
    put = Call(dispatcher, region, "PutLogEvents", std::move(request));
  }
  if (!put) return put.error();
  return {};
}

}  // namespace

std::string LogGroupOf(const Value& logging) {
  const Value* destinations = logging.Find("destinations");
  const ValueList* list = destinations ? destinations->as_list() : nullptr;
  if (!list || list->empty()) return {};
  const Value* group = list->front().Find("cloudWatchLogsLogGroup");
  if (!group) return {};
  // arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
  const std::string arn = TextOf(*group, "logGroupArn");
  const auto parts = Split(arn, ':');
  return parts.size() >= 7 ? std::string(parts[6]) : std::string();
}

std::string LogStreamOf(const Execution& execution) {
  std::string minute = FormatIso8601(execution.started).substr(0, 16);
  for (char& c : minute) {
    if (c == 'T' || c == ':') c = '-';
  }
  return "states/" + execution.machine_name + "/" + minute + "/" + execution.revision.substr(0, 8);
}

std::string LogRecords(const Execution& execution, const std::vector<HistoryEvent>& events,
                       std::string_view level, bool with_data) {
  std::string records;
  for (const HistoryEvent& event : events) {
    const bool taken = level == "ALL" || (level == "ERROR" && IsError(event.type)) ||
                       (level == "FATAL" && IsFatal(event.type));
    if (!taken) continue;
    ValueMap details;
    for (const auto& [name, value] : event.details) {
      if (with_data || !IsData(name)) details.Append(name, value);
    }
    ValueMap record;
    record.Append("id", std::to_string(event.id));
    record.Append("type", event.type);
    record.Append("details", std::move(details));
    record.Append("previous_event_id", std::to_string(event.previous));
    record.Append("event_timestamp", std::to_string(EpochMillis(event.time)));
    record.Append("execution_arn", execution.arn);
    json::Append(records, record);
    records += '\n';
  }
  return records;
}

Result<void> PutLogRecords(const wire::Dispatcher& dispatcher, const std::string& region,
                           const std::string& group, const std::string& stream,
                           std::int64_t time_millis, std::string_view records) {
  ValueList events;
  std::size_t bytes = 0;
  while (!records.empty()) {
    const std::string_view line = records.substr(0, records.find('\n'));
    records.remove_prefix(std::min(records.size(), line.size() + 1));
    if (bytes + line.size() + kEventBytes > kMaxUploadBytes && !events.empty()) {
      const auto put = Put(dispatcher, region, group, stream, std::exchange(events, {}));
      if (!put) return put;
      bytes = 0;
    }
    bytes += line.size() + kEventBytes;
    ValueMap event;
    event.Append("timestamp", time_millis);
    event.Append("message", line);
    events.emplace_back(std::move(event));
  }
  if (events.empty()) return {};
  return Put(dispatcher, region, group, stream, std::move(events));
}

std::optional<FailedStatus> FindFailedStatus(const Value& result) {
  constexpr std::array kFailed{"FAILED", "ERROR", "TIMEOUT", "STOPPED", "CREATE FAILED"};
  const ValueMap* map = result.as_map();
  if (!map) return std::nullopt;
  for (const auto& [name, member] : *map) {
    for (const char* field : {"JobRunState", "Status"}) {
      const std::string status = TextOf(member, field);
      for (const char* failed : kFailed) {
        if (status != failed) continue;
        std::string id = TextOf(member, "Id");
        if (id.empty()) id = TextOf(member, name + "Arn");
        std::string reason = TextOf(member, "ErrorMessage");
        if (reason.empty()) reason = TextOf(member, "FailureReason");
        return FailedStatus{name + (id.empty() ? "" : " " + id), status, std::move(reason)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace usher::states
