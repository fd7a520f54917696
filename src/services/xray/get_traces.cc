// Operations BatchGetTraces and GetTraceSummaries. Errors: invalid input, also for filter
// expressions that are none (filter.h) and page tokens of others.
#include <algorithm>
#include <charconv>
#include <limits>

#include "json/json.h"
#include "services/xray/filter.h"
#include "services/xray/operations.h"

namespace usher::xray {
namespace {

constexpr std::size_t kPageTraces = 100;
constexpr std::size_t kLookedThrough = 50'000;  // traces, before a page ends
constexpr std::size_t kMaxRootCauses = 5;
constexpr std::int64_t kLongestSeconds = 3600;  // between the begin of a trace and an event in it

// ---- BatchGetTraces ----

// A document on its way out.
struct Document {
  Value value;
  tracing::Segment segment;
};

Value* FindById(Value& segment, std::string_view id) {
  const Value* own = segment.Find("id");
  if (own != nullptr && own->as_string() != nullptr && *own->as_string() == id) return &segment;
  ValueMap* map = segment.as_map();
  Value* below = map != nullptr ? map->Find("subsegments") : nullptr;
  if (below == nullptr || below->as_list() == nullptr) return nullptr;
  for (Value& one : *below->as_list()) {
    if (Value* found = FindById(one, id)) return found;
  }
  return nullptr;
}

void AddSubsegment(Value& parent, Value subsegment) {
  ValueMap* map = parent.as_map();
  if (map == nullptr) return;
  Value* list = map->Find("subsegments");
  if (list == nullptr || list->as_list() == nullptr) {
    map->Set("subsegments", ValueList());
    list = map->Find("subsegments");
  }
  list->as_list()->push_back(std::move(subsegment));
}

// Subsegments that were sent by themselves go to where they belong, if that has come.
void Assemble(std::vector<Document>& documents) {
  bool moved = true;
  while (moved) {
    moved = false;
    for (std::size_t i = 0; i < documents.size() && !moved; ++i) {
      if (!documents[i].segment.independent) continue;
      const std::string parent = tracing::FormatSegmentId(documents[i].segment.parent_id);
      for (std::size_t k = 0; k < documents.size() && !moved; ++k) {
        if (k == i) continue;
        Value* found = FindById(documents[k].value, parent);
        if (found == nullptr) continue;
        AddSubsegment(*found, std::move(documents[i].value));
        documents.erase(documents.begin() + static_cast<std::ptrdiff_t>(i));
        moved = true;
      }
    }
  }
}

Result<api::Trace> Assembled(const std::string& id, const std::vector<std::string>& texts) {
  std::vector<Document> documents;
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
  std::int64_t end = 0;
  for (const std::string& text : texts) {
    auto segment = tracing::ParseDocument(text);
    auto value = json::Parse(text);
    if (!segment || !value) return Corrupt("a stored document of a trace is damaged");
    begin = std::min(begin, segment->start_us);
    end = std::max({end, segment->start_us, segment->end_us});
    documents.push_back({*std::move(value), *std::move(segment)});
  }
  Assemble(documents);
  std::ranges::stable_sort(documents, {}, [](const Document& one) { return one.segment.start_us; });
  api::Trace trace{.id = id,
                   .duration = static_cast<double>(end - begin) / 1e6,
                   .limit_exceeded = false,
                   .segments = std::vector<api::Segment>()};
  for (const Document& one : documents) {
    trace.segments->push_back(
        {.id = tracing::FormatSegmentId(one.segment.id), .document = json::Write(one.value)});
  }
  return trace;
}

// ---- GetTraceSummaries ----

api::ServiceId ServiceIdOf(const Node& node) {
  api::ServiceId id{.name = node.name,
                    .names = std::vector{node.name},
                    .account_id = std::string(wire::kAccountId),
                    .type = std::nullopt};
  if (!node.type.empty()) id.type = node.type;
  return id;
}

// The node that a part belongs to: that of its segment, or, of a call that led to no segment, the
// one that is inferred.
const Node* NodeOf(const Trace& trace, const Part& part, const NodeTable& nodes) {
  if (part.kind == Part::Kind::kCall) return &nodes[part.node];
  const Part* segment = trace.SegmentOf(part);
  return segment != nullptr ? &nodes[segment->node] : nullptr;
}

std::vector<api::RootCauseException> ExceptionsOf(const Trace& trace, const Part& part) {
  std::vector<api::RootCauseException> exceptions;
  for (const ExceptionOfPart& one : trace.exceptions) {
    if (one.part == part.id) exceptions.push_back({.name = one.type, .message = one.message});
  }
  return exceptions;
}

// From the entry down to each part that failed while nothing below it did.
template <typename Cause, typename Service, typename Entity>
std::vector<Cause> RootCauses(const Trace& trace, const NodeTable& nodes, bool Part::* failed) {
  std::vector<Cause> causes;
  for (const Part& part : trace.parts) {
    if (causes.size() >= kMaxRootCauses) break;
    const bool below = std::ranges::any_of(trace.parts, [&](const Part& other) {
      return other.parent_id == part.id && other.*failed;
    });
    if (!(part.*failed) || below) continue;
    std::vector<const Part*> path;
    for (const Part* at = &part; at != nullptr && path.size() <= trace.parts.size();
         at = trace.Find(at->parent_id)) {
      path.insert(path.begin(), at);
    }
    Cause cause;
    cause.client_impacting = path.front()->*failed;
    cause.services.emplace();
    for (const Part* at : path) {
      const bool led_on = at->kind == Part::Kind::kCall && at != &part;
      const Node* node = led_on ? nullptr : NodeOf(trace, *at, nodes);
      const bool same = cause.services->empty() ||
                        (node != nullptr && cause.services->back().name == node->name &&
                         cause.services->back().type.value_or("") == node->type);
      if (node != nullptr && (cause.services->empty() || !same)) {
        Service service;
        service.name = node->name;
        service.names = std::vector{node->name};
        if (!node->type.empty()) service.type = node->type;
        service.account_id = std::string(wire::kAccountId);
        service.inferred = at->kind == Part::Kind::kCall;
        service.entity_path.emplace();
        cause.services->push_back(std::move(service));
      }
      if (cause.services->empty()) continue;
      Entity entity;
      entity.name = nodes[at->node].name;
      entity.remote = at->kind == Part::Kind::kCall;
      if (auto exceptions = ExceptionsOf(trace, *at); !exceptions.empty()) {
        entity.exceptions = std::move(exceptions);
      }
      cause.services->back().entity_path->push_back(std::move(entity));
    }
    causes.push_back(std::move(cause));
  }
  return causes;
}

api::AnnotationValue AnnotationOf(const Value& value) {
  api::AnnotationValue is;
  if (value.as_string() != nullptr) is.string_value = *value.as_string();
  if (value.as_bool() != nullptr) is.boolean_value = *value.as_bool();
  if (value.as_int() != nullptr) is.number_value = static_cast<double>(*value.as_int());
  if (value.as_double() != nullptr) is.number_value = *value.as_double();
  return is;
}

std::vector<api::ServiceId> ServicesOf(const Trace& trace, tracing::SegmentId id,
                                       const NodeTable& nodes) {
  const Part* part = trace.Find(id);
  const Node* node = part != nullptr ? NodeOf(trace, *part, nodes) : nullptr;
  return node != nullptr ? std::vector{ServiceIdOf(*node)} : std::vector<api::ServiceId>();
}

api::TraceSummary Summarise(const Trace& trace, const NodeTable& nodes) {
  api::TraceSummary summary{.id = trace.id};
  const std::int64_t start = trace.start_us();
  const Part* entry = trace.Entry();
  summary.start_time = FromEpochMillis(start / 1000);
  summary.matched_event_time = summary.start_time;
  summary.duration = static_cast<double>(trace.end_us() - start) / 1e6;
  summary.has_fault = summary.has_error = summary.has_throttle = false;
  summary.is_partial = entry == nullptr || trace.in_progress();
  summary.revision = trace.revision;
  summary.http.emplace();
  summary.annotations.emplace();
  summary.users.emplace();
  summary.service_ids.emplace();
  if (entry != nullptr) {
    summary.response_time = static_cast<double>(entry->duration_us) / 1e6;
    summary.entry_point = ServiceIdOf(nodes[entry->node]);
    if (const tracing::HttpInfo* http = trace.HttpOf(entry->id)) {
      const auto take = [](std::optional<std::string>& member, const std::string& text) {
        if (!text.empty()) member = text;
      };
      take(summary.http->http_url, http->url);
      take(summary.http->http_method, http->method);
      take(summary.http->user_agent, http->user_agent);
      take(summary.http->client_ip, http->client_ip);
      if (http->status != 0) summary.http->http_status = http->status;
    }
  }
  std::vector<NodeId> seen;
  for (const Part& part : trace.parts) {
    if (part.kind == Part::Kind::kLocal) continue;
    if (part.fault) summary.has_fault = true;
    if (part.error) summary.has_error = true;
    if (part.throttle) summary.has_throttle = true;
    const bool led_on =
        part.kind == Part::Kind::kCall && std::ranges::any_of(trace.parts, [&](const Part& other) {
          return other.kind == Part::Kind::kSegment && other.parent_id == part.id;
        });
    if (led_on || std::ranges::count(seen, part.node) != 0) continue;
    seen.push_back(part.node);
    summary.service_ids->push_back(ServiceIdOf(nodes[part.node]));
  }
  for (const Annotation& one : trace.annotations) {
    (*summary.annotations)[one.key].push_back({.annotation_value = AnnotationOf(one.value),
                                               .service_ids = ServicesOf(trace, one.part, nodes)});
  }
  for (const UserOfPart& one : trace.users) {
    summary.users->push_back(
        {.user_name = one.user, .service_ids = ServicesOf(trace, one.part, nodes)});
  }
  summary.fault_root_causes =
      RootCauses<api::FaultRootCause, api::FaultRootCauseService, api::FaultRootCauseEntity>(
          trace, nodes, &Part::fault);
  summary.error_root_causes =
      RootCauses<api::ErrorRootCause, api::ErrorRootCauseService, api::ErrorRootCauseEntity>(
          trace, nodes, &Part::error);
  return summary;
}

// "<seconds>.<number>": where the page before ended.
std::string WriteToken(const TraceIndex::Place& place) {
  return std::to_string(place.seconds) + "." + std::to_string(place.number);
}

Result<TraceIndex::Place> ReadToken(std::string_view text) {
  TraceIndex::Place place;
  const char* end = text.data() + text.size();
  const auto seconds = std::from_chars(text.data(), end, place.seconds);
  if (seconds.ec == std::errc() && seconds.ptr != end && *seconds.ptr == '.') {
    const auto number = std::from_chars(seconds.ptr + 1, end, place.number);
    if (number.ec == std::errc() && number.ptr == end) return place;
  }
  return Error{ErrorCode::kInvalidNextToken, "NextToken is none that this service has given"};
}

std::int64_t SecondsOf(Time time) { return EpochMillis(time) / 1000; }

}  // namespace

Result<api::BatchGetTracesResult> BatchGetTraces(const api::BatchGetTracesRequest& request,
                                                 Service& service, wire::CallContext&) {
  constexpr std::size_t kMaxIds = 5;
  if (request.trace_ids.size() > kMaxIds) {
    return InvalidInput("At most 5 TraceIds can be asked for at once, not " +
                        std::to_string(request.trace_ids.size()));
  }
  service.Settle();
  api::BatchGetTracesResult result{.traces = std::vector<api::Trace>(),
                                   .unprocessed_trace_ids = std::vector<std::string>()};
  for (const std::string& id : request.trace_ids) {
    if (!tracing::IsTraceId(id)) {
      result.unprocessed_trace_ids->push_back(id);
      continue;
    }
    const auto documents = service.store->DocumentsOf(id);
    if (!documents) return documents.error();
    if (documents->empty()) {
      result.unprocessed_trace_ids->push_back(id);
      continue;
    }
    auto trace = Assembled(id, *documents);
    if (!trace) return trace.error();
    result.traces->push_back(*std::move(trace));
  }
  return result;
}

Result<api::GetTraceSummariesResult> GetTraceSummaries(const api::GetTraceSummariesRequest& request,
                                                       Service& service, wire::CallContext&) {
  if (request.end_time < request.start_time) {
    return InvalidInput("EndTime must not be before StartTime");
  }
  std::optional<Filter> filter;
  if (request.filter_expression && !request.filter_expression->empty()) {
    auto parsed = Filter::Parse(*request.filter_expression);
    if (!parsed) return parsed.error();
    filter = *std::move(parsed);
  }
  const std::int64_t from = SecondsOf(request.start_time);
  const std::int64_t to = SecondsOf(request.end_time);
  TraceIndex::Place place{to + 1, 0};
  if (request.next_token) {
    const auto read = ReadToken(*request.next_token);
    if (!read) return read.error();
    place = *read;
  }
  // By the trace's id, or by when something in it happened.
  const bool by_event = request.time_range_type && *request.time_range_type != "TraceId";
  service.Settle();

  api::GetTraceSummariesResult result{.trace_summaries = std::vector<api::TraceSummary>(),
                                      .approximate_time = service.clock.Now(),
                                      .traces_processed_count = 0};
  const auto next = service.store->index().Walk(
      by_event ? from - kLongestSeconds : from, place, kLookedThrough,
      [&](const Trace& trace, const NodeTable& nodes) {
        const bool in_time =
            !by_event || (trace.end_us() / 1'000'000 >= from && trace.start_us() / 1'000'000 <= to);
        if (!in_time) return true;
        ++*result.traces_processed_count;
        if (filter && !filter->Matches(trace, nodes)) return true;
        result.trace_summaries->push_back(Summarise(trace, nodes));
        return result.trace_summaries->size() < kPageTraces;
      });
  if (next) result.next_token = WriteToken(*next);
  return result;
}

}  // namespace usher::xray
