#include "services/xray/service_map.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace usher::xray {
namespace {

constexpr int kClassesPerDoubling = 4;

std::uint16_t ClassOf(std::int64_t us) {
  if (us <= 1) return 0;
  const double doublings = std::log2(static_cast<double>(us));
  return static_cast<std::uint16_t>(doublings * kClassesPerDoubling);
}

}  // namespace

void DurationHistogram::AddClass(std::uint16_t which, std::int64_t count) {
  const auto at =
      std::ranges::lower_bound(classes_, which, {}, [](const auto& one) { return one.first; });
  if (at != classes_.end() && at->first == which) {
    at->second += count;
  } else {
    classes_.insert(at, {which, count});
  }
}

void DurationHistogram::Add(std::int64_t us, std::int64_t count) { AddClass(ClassOf(us), count); }

void DurationHistogram::Add(const DurationHistogram& other) {
  for (const auto& [which, count] : other.classes_) AddClass(which, count);
}

std::vector<std::pair<double, std::int64_t>> DurationHistogram::Entries() const {
  std::vector<std::pair<double, std::int64_t>> entries;
  entries.reserve(classes_.size());
  for (const auto& [which, count] : classes_) {
    entries.emplace_back(std::exp2((which + 1) / static_cast<double>(kClassesPerDoubling)) / 1e6,
                         count);
  }
  return entries;
}

void CallStatistics::Add(const Part& part) {
  if (part.fault) {
    ++faults;
  } else if (part.throttle) {
    ++throttles;
  } else if (part.error) {
    ++errors;
  } else {
    ++ok;
  }
  total_us += part.duration_us;
  durations.Add(part.duration_us);
}

void CallStatistics::Add(const CallStatistics& other) {
  ok += other.ok;
  throttles += other.throttles;
  errors += other.errors;
  faults += other.faults;
  total_us += other.total_us;
  durations.Add(other.durations);
}

void NodeOfMap::See(const Part& part) {
  const std::int64_t end = part.start_us + part.duration_us;
  first_us = first_us == 0 ? part.start_us : std::min(first_us, part.start_us);
  last_us = std::max(last_us, end);
}

void NodeOfMap::Add(const NodeOfMap& other) {
  statistics.Add(other.statistics);
  first_us = first_us == 0 ? other.first_us : std::min(first_us, other.first_us);
  last_us = std::max(last_us, other.last_us);
  is_root = is_root || other.is_root;
}

void ServiceMap::AddEdge(NodeId from, NodeId to, const Part& part) {
  NodeOfMap& edge = edges_[{from, to}];
  edge.See(part);
  if (!part.in_progress) edge.statistics.Add(part);
}

void ServiceMap::Add(const Trace& trace) {
  for (const Part& part : trace.parts) {
    if (part.kind == Part::Kind::kLocal) continue;
    if (part.kind == Part::Kind::kSegment) {
      NodeOfMap& node = nodes_[part.node];
      node.See(part);
      if (!part.in_progress) node.statistics.Add(part);

      const Part* parent = trace.Find(part.parent_id);
      if (parent == nullptr) {
        node.is_root = true;
        nodes_[part.client].See(part);
        AddEdge(part.client, part.node, part);
      } else if (const Part* caller = trace.SegmentOf(*parent); caller != nullptr) {
        // The edge shows a call as its caller has seen it.
        AddEdge(caller->node, part.node,
                parent->kind == Part::Kind::kCall && !parent->in_progress ? *parent : part);
      }
      continue;
    }
    const bool led_on = std::ranges::any_of(trace.parts, [&](const Part& other) {
      return other.kind == Part::Kind::kSegment && other.parent_id == part.id;
    });
    if (led_on) continue;
    // A call within a call: what the outer one went to has made it, which is not the caller's.
    const Part* outer = trace.Find(part.parent_id);
    const Part* caller = trace.SegmentOf(part);
    if (caller == nullptr) continue;
    const NodeId from =
        outer != nullptr && outer->kind == Part::Kind::kCall ? outer->node : caller->node;
    NodeOfMap& node = nodes_[part.node];
    node.See(part);
    if (!part.in_progress) node.statistics.Add(part);
    AddEdge(from, part.node, part);
  }
}

void ServiceMap::Add(const ServiceMap& other) {
  for (const auto& [id, node] : other.nodes_) nodes_[id].Add(node);
  for (const auto& [key, edge] : other.edges_) edges_[key].Add(edge);
}

}  // namespace usher::xray
