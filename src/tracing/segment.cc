#include "tracing/segment.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "json/json.h"

namespace usher::tracing {
namespace {

constexpr std::size_t kMaxNameBytes = 200;
constexpr double kMaxSeconds = 253'402'300'800;  // the year 10000

void AppendKey(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
}

void AppendText(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  AppendKey(out, key);
  json::AppendString(out, text);
}

void AppendFlag(std::string& out, std::string_view key, bool value) {
  if (!value) return;
  AppendKey(out, key);
  out += "true";
}

void AppendInteger(std::string& out, std::string_view key, std::int64_t number) {
  AppendKey(out, key);
  std::array<char, 24> text;
  out.append(text.data(), std::to_chars(text.begin(), text.end(), number).ptr);
}

// Seconds with six decimals, exact.
void AppendSeconds(std::string& out, std::string_view key, std::int64_t us) {
  AppendInteger(out, key, us / 1'000'000);
  std::array<char, 7> fraction;
  std::int64_t rest = us % 1'000'000;
  for (int i = 6; i >= 1; --i, rest /= 10) {
    fraction[static_cast<std::size_t>(i)] = static_cast<char>('0' + rest % 10);
  }
  fraction[0] = '.';
  out.append(fraction.data(), fraction.size());
}

void AppendId(std::string& out, std::string_view key, SegmentId id) {
  if (id == 0) return;
  AppendKey(out, key);
  out += '"';
  out += FormatSegmentId(id);
  out += '"';
}

void AppendMap(std::string& out, std::string_view key, const ValueMap& map) {
  if (map.empty()) return;
  AppendKey(out, key);
  out += '{';
  for (const auto& [name, value] : map) {
    if (out.back() != '{') out += ',';
    json::AppendString(out, name);
    out += ':';
    json::Append(out, value);
  }
  out += '}';
}

void AppendHttp(std::string& out, const HttpInfo& http) {
  AppendKey(out, "http");
  out += '{';
  if (!http.method.empty() || !http.url.empty()) {
    AppendKey(out, "request");
    out += '{';
    AppendText(out, "method", http.method);
    AppendText(out, "url", http.url);
    AppendText(out, "user_agent", http.user_agent);
    AppendText(out, "client_ip", http.client_ip);
    out += '}';
  }
  if (http.status != 0) {
    AppendKey(out, "response");
    out += '{';
    AppendInteger(out, "status", http.status);
    out += '}';
  }
  out += '}';
}

void AppendCause(std::string& out, const std::vector<TraceException>& exceptions) {
  if (exceptions.empty()) return;
  AppendKey(out, "cause");
  out += "{\"exceptions\":[";
  for (const TraceException& exception : exceptions) {
    if (out.back() != '[') out += ',';
    out += '{';
    AppendText(out, "id", exception.id);
    AppendText(out, "type", exception.type);
    AppendText(out, "message", exception.message);
    AppendFlag(out, "remote", exception.remote);
    out += '}';
  }
  out += "]}";
}

Error Wrong(std::string_view member, std::string_view what) {
  return InvalidInput("the member '" + std::string(member) + "' of a segment document " +
                      std::string(what));
}

Result<std::string> TextOf(const ValueMap& map, std::string_view member) {
  const Value* value = map.Find(member);
  if (value == nullptr || value->is_null()) return std::string();
  const std::string* text = value->as_string();
  if (text == nullptr) return Wrong(member, "must be a text");
  return *text;
}

bool FlagOf(const ValueMap& map, std::string_view member) {
  const Value* value = map.Find(member);
  return value != nullptr && value->as_bool() != nullptr && *value->as_bool();
}

// Epoch seconds; nullopt when it is not there.
Result<std::optional<std::int64_t>> MicrosOf(const ValueMap& map, std::string_view member) {
  const Value* value = map.Find(member);
  if (value == nullptr || value->is_null()) return std::optional<std::int64_t>();
  double seconds = -1;
  if (const double* number = value->as_double()) seconds = *number;
  if (const std::int64_t* number = value->as_int()) seconds = static_cast<double>(*number);
  if (!(seconds >= 0 && seconds < kMaxSeconds)) {
    return Wrong(member, "must be a time in seconds since 1970");
  }
  return std::optional<std::int64_t>(std::llround(seconds * 1e6));
}

Result<SegmentId> IdOf(const ValueMap& map, std::string_view member, bool required) {
  auto text = TextOf(map, member);
  if (!text) return text.error();
  if (text->empty() && !required) return SegmentId{0};
  const auto id = ParseSegmentId(*text);
  if (!id) return Wrong(member, "must be 16 hex digits, not '" + text->substr(0, 40) + "'");
  return *id;
}

ValueMap MapOf(const ValueMap& map, std::string_view member) {
  const Value* value = map.Find(member);
  const ValueMap* found = value != nullptr ? value->as_map() : nullptr;
  return found != nullptr ? *found : ValueMap();
}

std::string TextIn(const ValueMap& map, std::string_view member) {
  return TextOf(map, member) ? *TextOf(map, member) : std::string();
}

std::optional<HttpInfo> HttpOf(const ValueMap& map) {
  const Value* value = map.Find("http");
  if (value == nullptr || value->as_map() == nullptr) return std::nullopt;
  HttpInfo http;
  const ValueMap request = MapOf(*value->as_map(), "request");
  http.method = TextIn(request, "method");
  http.url = TextIn(request, "url");
  http.user_agent = TextIn(request, "user_agent");
  http.client_ip = TextIn(request, "client_ip");
  const ValueMap response = MapOf(*value->as_map(), "response");
  const Value* status = response.Find("status");
  if (status != nullptr && status->as_int() != nullptr && *status->as_int() >= 100 &&
      *status->as_int() <= 999) {
    http.status = static_cast<int>(*status->as_int());
  }
  return http;
}

// A cause may also be the id of an exception that another segment holds: then there is none here.
std::vector<TraceException> ExceptionsOf(const ValueMap& map) {
  std::vector<TraceException> exceptions;
  const ValueMap cause = MapOf(map, "cause");
  const Value* list = cause.Find("exceptions");
  if (list == nullptr || list->as_list() == nullptr) return exceptions;
  for (const Value& value : *list->as_list()) {
    const ValueMap* one = value.as_map();
    if (one == nullptr) continue;
    exceptions.push_back({.id = TextIn(*one, "id"),
                          .type = TextIn(*one, "type"),
                          .message = TextIn(*one, "message"),
                          .remote = FlagOf(*one, "remote")});
  }
  return exceptions;
}

Result<Segment> ReadSegment(const ValueMap& map, bool nested, int depth) {
  if (depth > kMaxSegmentDepth) {
    return Wrong("subsegments", "is nested deeper than " + std::to_string(kMaxSegmentDepth));
  }
  Segment segment;
  auto name = TextOf(map, "name");
  if (!name) return name.error();
  if (name->empty() || name->size() > kMaxNameBytes) {
    return Wrong("name", "must be there, with up to 200 characters");
  }
  segment.name = *std::move(name);
  const auto id = IdOf(map, "id", true);
  if (!id) return id.error();
  segment.id = *id;
  const auto parent = IdOf(map, "parent_id", false);
  if (!parent) return parent.error();
  segment.parent_id = *parent;

  auto type = TextOf(map, "type");
  if (!type) return type.error();
  if (!type->empty() && *type != "subsegment") return Wrong("type", "can only be 'subsegment'");
  if (!nested) {
    auto trace = TextOf(map, "trace_id");
    if (!trace) return trace.error();
    if (!IsTraceId(*trace)) {
      return Wrong("trace_id", "must be like 1-581cf771-a006649127e371903a2de979, not '" +
                                   trace->substr(0, 40) + "'");
    }
    segment.trace_id = *std::move(trace);
    segment.independent = *type == "subsegment";
    if (segment.independent && segment.parent_id == 0) {
      return Wrong("parent_id", "must be there in a subsegment that is sent by itself");
    }
  }
  const auto start = MicrosOf(map, "start_time");
  if (!start) return start.error();
  if (!*start) return Wrong("start_time", "must be there");
  segment.start_us = **start;
  const auto end = MicrosOf(map, "end_time");
  if (!end) return end.error();
  segment.end_us = FlagOf(map, "in_progress") ? 0 : end->value_or(0);
  if (segment.end_us == 0 && !FlagOf(map, "in_progress")) {
    return Wrong("end_time", "must be there unless 'in_progress' is true");
  }

  segment.origin = TextIn(map, "origin");
  segment.name_space = TextIn(map, "namespace");
  segment.user = TextIn(map, "user");
  segment.error = FlagOf(map, "error");
  segment.fault = FlagOf(map, "fault");
  segment.throttle = FlagOf(map, "throttle");
  segment.exceptions = ExceptionsOf(map);
  segment.http = HttpOf(map);
  segment.aws = MapOf(map, "aws");
  segment.annotations = MapOf(map, "annotations");
  segment.metadata = MapOf(map, "metadata");
  const Value* below = map.Find("subsegments");
  if (below != nullptr && below->as_list() != nullptr) {
    for (const Value& value : *below->as_list()) {
      const ValueMap* one = value.as_map();
      if (one == nullptr) return Wrong("subsegments", "must be a list of objects");
      auto subsegment = ReadSegment(*one, true, depth + 1);
      if (!subsegment) return subsegment.error();
      segment.subsegments.push_back(*std::move(subsegment));
    }
  }
  return segment;
}

}  // namespace

void Segment::SetStatus(int status) {
  if (http) http->status = status;
  fault = status >= 500;
  error = status >= 400 && status < 500;
  throttle = status == 429;
}

void Segment::AddException(std::string_view type, std::string_view message, bool is_callers) {
  (is_callers ? error : fault) = true;
  exceptions.push_back({.id = FormatSegmentId(NewSegmentId()),
                        .type = std::string(type),
                        .message = std::string(message)});
}

void AppendDocument(std::string& out, const Segment& segment) {
  out += '{';
  AppendId(out, "id", segment.id);
  AppendText(out, "name", segment.name);
  AppendSeconds(out, "start_time", segment.start_us);
  if (segment.end_us != 0) {
    AppendSeconds(out, "end_time", segment.end_us);
  } else {
    AppendFlag(out, "in_progress", true);
  }
  AppendText(out, "trace_id", segment.trace_id);
  AppendId(out, "parent_id", segment.parent_id);
  if (segment.independent) AppendText(out, "type", "subsegment");
  AppendText(out, "origin", segment.origin);
  AppendText(out, "namespace", segment.name_space);
  AppendFlag(out, "error", segment.error);
  AppendFlag(out, "fault", segment.fault);
  AppendFlag(out, "throttle", segment.throttle);
  AppendCause(out, segment.exceptions);
  if (segment.http) AppendHttp(out, *segment.http);
  AppendMap(out, "aws", segment.aws);
  AppendMap(out, "annotations", segment.annotations);
  AppendMap(out, "metadata", segment.metadata);
  AppendText(out, "user", segment.user);
  if (!segment.subsegments.empty()) {
    AppendKey(out, "subsegments");
    out += '[';
    for (const Segment& subsegment : segment.subsegments) {
      if (out.back() != '[') out += ',';
      AppendDocument(out, subsegment);
    }
    out += ']';
  }
  if (segment.subsegments_left_out > 0) {
    AppendInteger(out, "subsegments_left_out", segment.subsegments_left_out);
  }
  out += '}';
}

std::string WriteDocument(const Segment& segment) {
  std::string out;
  out.reserve(512);
  AppendDocument(out, segment);
  return out;
}

Result<Segment> ParseDocument(std::string_view json) {
  if (json.size() > kMaxDocumentBytes) {
    return InvalidInput("a segment document must not be larger than " +
                        std::to_string(kMaxDocumentBytes) + " bytes, this one has " +
                        std::to_string(json.size()));
  }
  const auto value = json::Parse(json);
  if (!value) return InvalidInput("a segment document is not JSON: " + value.error().message);
  const ValueMap* map = value->as_map();
  if (map == nullptr) return InvalidInput("a segment document must be a JSON object");
  return ReadSegment(*map, false, 0);
}

}  // namespace usher::tracing
