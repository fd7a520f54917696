#include "otlp/spans.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json.h"

namespace usher::otlp {
namespace {

// SpanKind and Status.StatusCode of trace.proto.
constexpr int kInternal = 1;
constexpr int kServer = 2;
constexpr int kClient = 3;
constexpr int kStatusError = 2;

Value AnyValue(const Value& value) {
  ValueMap any;
  if (value.as_bool() != nullptr) {
    any.Append("boolValue", value);
  } else if (value.as_int() != nullptr) {
    any.Append("intValue", std::to_string(*value.as_int()));  // 64 bits are texts in this encoding
  } else if (value.as_double() != nullptr) {
    any.Append("doubleValue", value);
  } else if (value.as_string() != nullptr) {
    any.Append("stringValue", value);
  } else {
    any.Append("stringValue", json::Write(value));
  }
  return Value(std::move(any));
}

class Attributes {
 public:
  void Add(std::string name, const Value& value) {
    ValueMap one;
    one.Append("key", std::move(name));
    one.Append("value", AnyValue(value));
    list_.emplace_back(std::move(one));
  }
  void AddText(std::string_view name, const std::string& text) {
    if (!text.empty()) Add(std::string(name), Value(text));
  }
  [[nodiscard]] ValueList Take() { return std::move(list_); }

 private:
  ValueList list_;
};

std::string Nanoseconds(std::int64_t us) { return std::to_string(us) + "000"; }

ValueList AttributesOf(const tracing::Segment& segment) {
  Attributes attributes;
  if (segment.http) {
    attributes.AddText("http.request.method", segment.http->method);
    attributes.AddText("url.full", segment.http->url);
    attributes.AddText("user_agent.original", segment.http->user_agent);
    attributes.AddText("client.address", segment.http->client_ip);
    if (segment.http->status != 0) {
      attributes.Add("http.response.status_code", Value(segment.http->status));
    }
  }
  attributes.AddText("aws.xray.origin", segment.origin);
  attributes.AddText("enduser.id", segment.user);
  for (const auto& [name, value] : segment.aws) attributes.Add("aws." + name, value);
  for (const auto& [name, value] : segment.annotations) attributes.Add(name, value);
  return attributes.Take();
}

ValueList EventsOf(const tracing::Segment& segment) {
  ValueList events;
  for (const tracing::TraceException& exception : segment.exceptions) {
    Attributes attributes;
    attributes.AddText("exception.type", exception.type);
    attributes.AddText("exception.message", exception.message);
    ValueMap event;
    event.Append("timeUnixNano", Nanoseconds(segment.end_us));
    event.Append("name", "exception");
    event.Append("attributes", attributes.Take());
    events.emplace_back(std::move(event));
  }
  return events;
}

int KindOf(const tracing::Segment& segment, bool is_segment) {
  if (is_segment) return kServer;
  // Tracers also write "local", which is no call.
  const bool is_call =
      segment.name_space == tracing::kAwsNamespace || segment.name_space == "remote";
  return is_call ? kClient : kInternal;
}

void AddSpans(ValueList& spans, const tracing::Segment& segment, const std::string& trace_id,
              tracing::SegmentId parent, bool is_segment) {
  if (segment.end_us != 0) {
    ValueMap span;
    span.Append("traceId", trace_id);
    span.Append("spanId", tracing::FormatSegmentId(segment.id));
    if (parent != 0) span.Append("parentSpanId", tracing::FormatSegmentId(parent));
    span.Append("name", segment.name);
    span.Append("kind", KindOf(segment, is_segment));
    span.Append("startTimeUnixNano", Nanoseconds(segment.start_us));
    span.Append("endTimeUnixNano", Nanoseconds(segment.end_us));
    span.Append("attributes", AttributesOf(segment));
    if (ValueList events = EventsOf(segment); !events.empty()) {
      span.Append("events", std::move(events));
    }
    if (segment.fault || segment.error) {
      ValueMap status;
      status.Append("code", kStatusError);
      if (!segment.exceptions.empty()) {
        status.Append("message", segment.exceptions.front().message);
      }
      span.Append("status", std::move(status));
    }
    spans.emplace_back(std::move(span));
  }
  for (const tracing::Segment& below : segment.subsegments) {
    AddSpans(spans, below, trace_id, segment.id, false);
  }
}

// "1-581cf771-a006649127e371903a2de979" without its version and dashes.
std::string TraceId(const std::string& id) { return id.substr(2, 8) + id.substr(11); }

}  // namespace

std::string WriteSpans(std::span<const tracing::Segment> segments) {
  std::map<std::string_view, ValueList> by_service;
  for (const tracing::Segment& segment : segments) {
    if (!tracing::IsTraceId(segment.trace_id)) continue;
    AddSpans(by_service[segment.name], segment, TraceId(segment.trace_id), segment.parent_id,
             !segment.independent);
  }
  ValueList resources;
  for (auto& [service, spans] : by_service) {
    if (spans.empty()) continue;
    Attributes attributes;
    attributes.Add("service.name", Value(service));
    ValueMap resource;
    resource.Append("attributes", attributes.Take());
    ValueMap scope;
    scope.Append("name", "usher");
    ValueMap of_scope;
    of_scope.Append("scope", std::move(scope));
    of_scope.Append("spans", std::move(spans));
    ValueMap of_resource;
    of_resource.Append("resource", std::move(resource));
    of_resource.Append("scopeSpans", ValueList{Value(std::move(of_scope))});
    resources.emplace_back(std::move(of_resource));
  }
  ValueMap body;
  body.Append("resourceSpans", std::move(resources));
  return json::Write(Value(std::move(body)));
}

}  // namespace usher::otlp
