#include "services/xray/trace.h"

#include <algorithm>

#include "wire/call_trace.h"

namespace usher::xray {
namespace {

constexpr std::string_view kOthers = "(others)";
constexpr std::size_t kMaxKeptText = 500;

std::string Clipped(const std::string& text) { return text.substr(0, kMaxKeptText); }

// Tracers also write "local", which is no call.
bool IsCall(const tracing::Segment& subsegment) {
  return subsegment.name_space == tracing::kAwsNamespace || subsegment.name_space == "remote";
}

bool IsSearchable(const Value& value) {
  return value.as_string() != nullptr || value.as_int() != nullptr ||
         value.as_double() != nullptr || value.as_bool() != nullptr;
}

}  // namespace

NodeId NodeTable::Intern(std::string_view name, std::string_view type) {
  std::string key;
  key.reserve(name.size() + type.size() + 1);
  key.append(name).append(1, '\0').append(type);
  if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
  if (nodes_.size() >= kMaxNodes && name != kOthers) return Intern(kOthers, "");
  const auto id = static_cast<NodeId>(nodes_.size());
  nodes_.push_back({std::string(name), std::string(type)});
  ids_.emplace(std::move(key), id);
  return id;
}

Node InferredNode(const tracing::Segment& call) {
  if (call.name_space != tracing::kAwsNamespace) return {call.name, "remote"};
  // Tracers name services by their endpoints: "s3", "personalize-runtime".
  const std::string_view name = wire::NodeName(call.name);
  return {std::string(name), wire::NodeType(name)};
}

void Trace::Add(const tracing::Segment& segment, NodeTable& nodes) {
  ++revision;
  const tracing::SegmentId document = segment.id;
  const bool replaces = std::ranges::find(parts, document, &Part::document) != parts.end();
  if (replaces) {
    const auto told_there = [&](const auto& one) {
      const Part* part = Find(one.part);
      return part != nullptr && part->document == document;
    };
    std::erase_if(http, told_there);
    std::erase_if(annotations, told_there);
    std::erase_if(exceptions, told_there);
    std::erase_if(users, told_there);
    std::erase_if(parts, [&](const Part& part) { return part.document == document; });
  }

  const auto add = [&](const auto& self, const tracing::Segment& one, tracing::SegmentId parent,
                       bool nested) -> void {
    if (parts.size() >= kMaxParts) {
      limit_exceeded = true;
      return;
    }
    Part part{.id = one.id, .parent_id = parent, .document = document, .start_us = one.start_us};
    part.in_progress = one.end_us == 0;
    part.duration_us = part.in_progress ? 0 : std::max<std::int64_t>(0, one.end_us - one.start_us);
    part.error = one.error;
    part.fault = one.fault;
    part.throttle = one.throttle;
    if (!nested && !one.independent) {
      part.kind = Part::Kind::kSegment;
      part.node = nodes.Intern(one.name, one.origin);
      part.client = nodes.Intern(one.name, kClientType);
    } else if (IsCall(one)) {
      part.kind = Part::Kind::kCall;
      const Node called = InferredNode(one);
      part.node = nodes.Intern(called.name, called.type);
    } else {
      part.node = nodes.Intern(one.name, "");
    }
    if (one.http && (part.kind == Part::Kind::kSegment || !one.http->url.empty())) {
      http.push_back({one.id, *one.http});
    }
    for (const auto& [key, value] : one.annotations) {
      if (annotations.size() >= kMaxAnnotations) break;
      if (IsSearchable(value)) annotations.push_back({one.id, key, value});
    }
    for (const tracing::TraceException& exception : one.exceptions) {
      if (exceptions.size() >= kMaxKeptExceptions) break;
      exceptions.push_back({one.id, Clipped(exception.type), Clipped(exception.message)});
    }
    if (!one.user.empty()) users.push_back({one.id, Clipped(one.user)});
    parts.push_back(part);
    for (const tracing::Segment& below : one.subsegments) self(self, below, one.id, true);
  };
  add(add, segment, segment.parent_id, false);
}

const Part* Trace::Find(tracing::SegmentId id) const {
  if (id == 0) return nullptr;
  const auto found = std::ranges::find(parts, id, &Part::id);
  return found == parts.end() ? nullptr : &*found;
}

const Part* Trace::SegmentOf(const Part& part) const {
  const Part* at = &part;
  // Parents that name each other in a circle are possible: others made the ids.
  for (std::size_t steps = 0; at != nullptr && steps <= parts.size(); ++steps) {
    if (at->kind == Part::Kind::kSegment) return at;
    at = Find(at->parent_id);
  }
  return nullptr;
}

const Part* Trace::Entry() const {
  const Part* entry = nullptr;
  for (const Part& part : parts) {
    if (IsRoot(part) && (entry == nullptr || part.start_us < entry->start_us)) entry = &part;
  }
  return entry;
}

const tracing::HttpInfo* Trace::HttpOf(tracing::SegmentId part) const {
  const auto found = std::ranges::find(http, part, &HttpOfPart::part);
  return found == http.end() ? nullptr : &found->http;
}

std::int64_t Trace::start_us() const {
  std::int64_t start = parts.empty() ? seconds * 1'000'000 : parts.front().start_us;
  for (const Part& part : parts) start = std::min(start, part.start_us);
  return start;
}

std::int64_t Trace::end_us() const {
  std::int64_t end = start_us();
  for (const Part& part : parts) end = std::max(end, part.start_us + part.duration_us);
  return end;
}

bool Trace::in_progress() const {
  return std::ranges::any_of(parts, [](const Part& part) {
    return part.kind == Part::Kind::kSegment && part.in_progress;
  });
}

std::size_t Trace::bytes() const {
  std::size_t bytes = sizeof(Trace) + 200 + parts.capacity() * sizeof(Part);
  for (const HttpOfPart& one : http) {
    bytes += sizeof(one) + one.http.url.size() + one.http.user_agent.size() + 32;
  }
  for (const Annotation& one : annotations) bytes += sizeof(one) + one.key.size() + 64;
  for (const ExceptionOfPart& one : exceptions) {
    bytes += sizeof(one) + one.type.size() + one.message.size();
  }
  return bytes + users.size() * (sizeof(UserOfPart) + 32);
}

}  // namespace usher::xray
