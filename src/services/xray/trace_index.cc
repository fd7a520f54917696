#include "services/xray/trace_index.h"

#include <algorithm>
#include <limits>

namespace usher::xray {
namespace {

constexpr std::size_t kWorthKeeping = 64;  // traces of a span, from which on its map is kept

std::int64_t SpanOf(std::int64_t seconds) { return seconds / kSpanSeconds; }

}  // namespace

void TraceIndex::Add(std::span<const tracing::Segment* const> segments) {
  const std::lock_guard lock(mutex_);
  for (const tracing::Segment* segment : segments) {
    const auto seconds = tracing::TraceSeconds(segment->trace_id);
    if (!seconds) continue;
    auto known = places_.find(segment->trace_id);
    if (known == places_.end()) {
      const Place place{*seconds, next_number_++};
      known = places_.emplace(segment->trace_id, place).first;
      Trace& made = traces_[place];
      made.id = segment->trace_id;
      made.seconds = *seconds;
      bytes_ += made.bytes();
      ++span_sizes_[SpanOf(*seconds)];
    }
    Trace& trace = traces_.at(known->second);
    bytes_ -= trace.bytes();
    trace.Add(*segment, nodes_);
    bytes_ += trace.bytes();
    span_maps_.erase(SpanOf(trace.seconds));
    while (traces_.size() > 1 && (traces_.size() > limits_.traces || bytes_ > limits_.bytes)) {
      RemoveOldest();
    }
  }
}

void TraceIndex::RemoveOldest() {
  const auto oldest = traces_.begin();
  const std::int64_t span = SpanOf(oldest->second.seconds);
  bytes_ -= oldest->second.bytes();
  places_.erase(oldest->second.id);
  traces_.erase(oldest);
  span_maps_.erase(span);
  const auto size = span_sizes_.find(span);
  if (--size->second == 0) span_sizes_.erase(size);
}

void TraceIndex::Forget(std::int64_t oldest_seconds) {
  const std::lock_guard lock(mutex_);
  while (!traces_.empty() && traces_.begin()->first.seconds < oldest_seconds) RemoveOldest();
}

// nullptr when it has too few traces to be worth keeping.
const ServiceMap* TraceIndex::SpanMap(std::int64_t span) const {
  const auto size = span_sizes_.find(span);
  if (size == span_sizes_.end() || size->second < kWorthKeeping) return nullptr;
  std::unique_ptr<ServiceMap>& map = span_maps_[span];
  if (!map) {
    map = std::make_unique<ServiceMap>();
    const auto end = traces_.lower_bound({(span + 1) * kSpanSeconds, 0});
    for (auto at = traces_.lower_bound({span * kSpanSeconds, 0}); at != end; ++at) {
      map->Add(at->second);
    }
  }
  return map.get();
}

ServiceMap TraceIndex::MapOf(std::int64_t from, std::int64_t to,
                             const TracePredicate& matches) const {
  ServiceMap map;
  const std::lock_guard lock(mutex_);
  auto at = traces_.lower_bound({from, 0});
  while (at != traces_.end() && at->first.seconds <= to) {
    const std::int64_t span = SpanOf(at->first.seconds);
    const bool whole = span * kSpanSeconds >= from && (span + 1) * kSpanSeconds - 1 <= to;
    const ServiceMap* kept = whole && !matches ? SpanMap(span) : nullptr;
    if (kept != nullptr) {
      map.Add(*kept);
      at = traces_.lower_bound({(span + 1) * kSpanSeconds, 0});
      continue;
    }
    if (!matches || matches(at->second, nodes_)) map.Add(at->second);
    ++at;
  }
  return map;
}

ServiceMap TraceIndex::MapOf(std::span<const std::string> trace_ids) const {
  ServiceMap map;
  const std::lock_guard lock(mutex_);
  for (const std::string& id : trace_ids) {
    const auto known = places_.find(id);
    if (known != places_.end()) map.Add(traces_.at(known->second));
  }
  return map;
}

std::optional<TraceIndex::Place> TraceIndex::Walk(
    std::int64_t from, Place place, std::size_t most,
    const std::function<bool(const Trace&, const NodeTable&)>& visit) const {
  const std::lock_guard lock(mutex_);
  auto at = traces_.lower_bound(place);
  for (std::size_t looked = 0; looked < most; ++looked) {
    if (at == traces_.begin()) return std::nullopt;
    --at;
    if (at->first.seconds < from) return std::nullopt;
    if (!visit(at->second, nodes_)) return at->first;
  }
  return at->first;
}

void TraceIndex::WithNodes(const std::function<void(const NodeTable& nodes)>& use) const {
  const std::lock_guard lock(mutex_);
  use(nodes_);
}

std::size_t TraceIndex::size() const {
  const std::lock_guard lock(mutex_);
  return traces_.size();
}

std::size_t TraceIndex::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace usher::xray
