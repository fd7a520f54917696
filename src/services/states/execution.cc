#include "services/states/execution.h"

#include <array>
#include <charconv>

#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"

namespace usher::states {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 5> kStatuses{
    {{Status::kRunning, "RUNNING"},
     {Status::kSucceeded, "SUCCEEDED"},
     {Status::kFailed, "FAILED"},
     {Status::kTimedOut, "TIMED_OUT"},
     {Status::kAborted, "ABORTED"}}};

// Reads members of a document that this file wrote; remembers when one is not as it was written.
class Reader {
 public:
  explicit Reader(const Value& value) : value_(value) {}

  std::string Text(std::string_view name) {
    const Value* found = value_.Find(name);
    if (found && found->as_string()) return *found->as_string();
    good_ = false;
    return {};
  }
  std::int64_t Integer(std::string_view name) {
    const Value* found = value_.Find(name);
    if (found && found->as_int()) return *found->as_int();
    good_ = false;
    return 0;
  }
  bool Flag(std::string_view name) {
    const Value* found = value_.Find(name);
    if (found && found->as_bool()) return *found->as_bool();
    good_ = false;
    return false;
  }
  Value Any(std::string_view name) {
    const Value* found = value_.Find(name);
    if (!found) good_ = false;
    return found ? *found : Value();
  }
  const ValueList& List(std::string_view name) {
    static const ValueList kNone;
    const Value* found = value_.Find(name);
    if (found && found->as_list()) return *found->as_list();
    good_ = false;
    return kNone;
  }
  [[nodiscard]] bool Has(std::string_view name) const { return value_.Find(name) != nullptr; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  const Value& value_;
  bool good_ = true;
};

Value EncodeFlow(const Flow& flow) {
  ValueMap map;
  map.Append("number", flow.number);
  map.Append("parent", flow.parent);
  map.Append("block", flow.block);
  map.Append("index", flow.index);
  if (flow.item) map.Append("item", *flow.item);
  map.Append("state", flow.state);
  map.Append("input", flow.input);
  map.Append("entered", EpochMillis(flow.entered));
  map.Append("phase", static_cast<int>(flow.phase));
  map.Append("lastEvent", flow.last_event);
  map.Append("enteredEvent", flow.entered_event);
  map.Append("retries", ValueList(flow.retries.begin(), flow.retries.end()));
  map.Append("retryCount", flow.retry_count);
  map.Append("ticket", flow.ticket);
  map.Append("submitted", flow.submitted);
  if (flow.heartbeat_millis) {
    map.Append("heartbeat", *flow.heartbeat_millis);
    map.Append("heartbeatDue", EpochMillis(flow.heartbeat_due));
  }
  map.Append("ahead", flow.ahead_millis);
  if (flow.phase == Flow::Phase::kChildren) {
    ValueList results;
    for (const auto& result : flow.results) {
      results.emplace_back(result ? ValueList{*result} : ValueList{});
    }
    map.Append("results", std::move(results));
    map.Append("nextIndex", flow.next_index);
    map.Append("running", flow.running);
    map.Append("failed", flow.failed);
  }
  return map;
}

Result<Flow> DecodeFlow(const Value& value) {
  Reader reader(value);
  Flow flow;
  flow.number = static_cast<int>(reader.Integer("number"));
  flow.parent = static_cast<int>(reader.Integer("parent"));
  flow.block = static_cast<int>(reader.Integer("block"));
  flow.index = reader.Integer("index");
  if (reader.Has("item")) flow.item = reader.Any("item");
  flow.state = reader.Text("state");
  flow.input = reader.Any("input");
  flow.entered = FromEpochMillis(reader.Integer("entered"));
  flow.phase = static_cast<Flow::Phase>(reader.Integer("phase"));
  flow.last_event = reader.Integer("lastEvent");
  flow.entered_event = reader.Integer("enteredEvent");
  for (const Value& used : reader.List("retries")) {
    flow.retries.push_back(used.as_int() ? *used.as_int() : 0);
  }
  flow.retry_count = reader.Integer("retryCount");
  flow.ticket = reader.Integer("ticket");
  flow.submitted = reader.Flag("submitted");
  if (reader.Has("heartbeat")) {
    flow.heartbeat_millis = reader.Integer("heartbeat");
    flow.heartbeat_due = FromEpochMillis(reader.Integer("heartbeatDue"));
  }
  flow.ahead_millis = reader.Integer("ahead");
  if (flow.phase == Flow::Phase::kChildren) {
    for (const Value& result : reader.List("results")) {
      const ValueList* held = result.as_list();
      flow.results.push_back(held && !held->empty() ? std::optional(held->front()) : std::nullopt);
    }
    flow.next_index = reader.Integer("nextIndex");
    flow.running = reader.Integer("running");
    flow.failed = reader.Integer("failed");
  }
  if (!reader.good()) return Corrupt("a flow of an execution cannot be read");
  return flow;
}

}  // namespace

std::string_view NameOf(Status status) {
  for (const auto& [one, name] : kStatuses) {
    if (one == status) return name;
  }
  return "";
}

std::string Encode(const Execution& execution) {
  ValueMap map;
  map.Append("name", execution.name);
  map.Append("machineArn", execution.machine_arn);
  map.Append("machineName", execution.machine_name);
  map.Append("roleArn", execution.role_arn);
  map.Append("revision", execution.revision);
  map.Append("express", execution.express);
  map.Append("input", execution.input);
  map.Append("started", EpochMillis(execution.started));
  map.Append("traceHeader", execution.trace_header);
  map.Append("traceRoot", execution.trace_root);
  map.Append("traceParent", execution.trace_parent);
  map.Append("traceSegment", execution.trace_segment);
  map.Append("status", NameOf(execution.status));
  map.Append("stopped", EpochMillis(execution.stopped));
  map.Append("output", execution.output);
  map.Append("error", execution.failure.error);
  map.Append("cause", execution.failure.cause);
  return json::Write(map);
}

Result<Execution> DecodeExecution(std::string_view arn, std::string_view body) {
  const auto value = json::Parse(body);
  if (!value) return Corrupt("execution: " + value.error().message);
  Reader reader(*value);
  Execution execution;
  execution.arn = std::string(arn);
  execution.name = reader.Text("name");
  execution.machine_arn = reader.Text("machineArn");
  execution.machine_name = reader.Text("machineName");
  execution.role_arn = reader.Text("roleArn");
  execution.revision = reader.Text("revision");
  execution.express = reader.Flag("express");
  execution.input = reader.Text("input");
  execution.started = FromEpochMillis(reader.Integer("started"));
  execution.trace_header = reader.Text("traceHeader");
  execution.trace_root = reader.Text("traceRoot");
  execution.trace_parent = reader.Text("traceParent");
  execution.trace_segment = reader.Text("traceSegment");
  const std::string status = reader.Text("status");
  for (const auto& [one, name] : kStatuses) {
    if (name == status) execution.status = one;
  }
  execution.stopped = FromEpochMillis(reader.Integer("stopped"));
  execution.output = reader.Text("output");
  execution.failure = {reader.Text("error"), reader.Text("cause")};
  if (!reader.good()) return Corrupt("the stored execution '" + execution.arn + "' is damaged");
  return execution;
}

std::string Encode(const Progress& progress) {
  ValueMap map;
  ValueList flows;
  for (const auto& [number, flow] : progress.flows) flows.push_back(EncodeFlow(flow));
  map.Append("flows", std::move(flows));
  map.Append("flowsMade", progress.flows_made);
  map.Append("events", progress.events);
  map.Append("tickets", progress.tickets);
  map.Append("secret", progress.secret);
  return json::Write(map);
}

Result<Progress> DecodeProgress(std::string_view body) {
  const auto value = json::Parse(body);
  if (!value) return Corrupt("progress of an execution: " + value.error().message);
  Reader reader(*value);
  Progress progress;
  for (const Value& one : reader.List("flows")) {
    auto flow = DecodeFlow(one);
    if (!flow) return flow.error();
    const int number = flow->number;
    progress.flows.emplace(number, *std::move(flow));
  }
  progress.flows_made = static_cast<int>(reader.Integer("flowsMade"));
  progress.events = reader.Integer("events");
  progress.tickets = reader.Integer("tickets");
  progress.secret = reader.Text("secret");
  if (!reader.good()) return Corrupt("the stored progress of an execution is damaged");
  return progress;
}

std::string TaskToken(const Execution& execution, const Progress& progress, int flow,
                      std::int64_t ticket) {
  return Base64Encode(execution.arn + "\n" + std::to_string(flow) + "\n" + std::to_string(ticket) +
                      "\n" + progress.secret);
}

Result<TokenParts> ReadTaskToken(std::string_view token) {
  const auto bad = [] {
    return Named("InvalidToken", ErrorCode::kInvalidInput, "Invalid Token: it is no task token");
  };
  const auto text = Base64Decode(token);
  if (!text) return bad();
  const auto parts = Split(*text, '\n');
  if (parts.size() != 4) return bad();
  TokenParts read;
  read.execution_arn = std::string(parts[0]);
  const auto number = [](std::string_view digits, auto& to) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (!number(parts[1], read.flow) || !number(parts[2], read.ticket)) return bad();
  return read;
}

}  // namespace usher::states
