// ServiceMap: which services called which, how often, how long it took and how it ended: what
// GetServiceGraph and GetTraceGraph draw.
//
// A segment counts for its node. A call (a subsegment of the namespace "aws" or "remote") is an
// edge: to the segment that it led to, or, where none came, to a node that is inferred from it. A
// segment that nothing in the trace led to is called by a client. Segments in progress make nodes
// and edges, and are counted once they have ended.
//
// The map of several traces is the sum of their maps, so it can be kept for spans of time.
// Cost:    Add: about 1 us for a trace of ten parts. Memory: 100 bytes for each node and edge.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/xray/trace.h"

namespace usher::xray {

// Durations in classes a fifth wide: class c holds those from 2^(c/4) us on.
class DurationHistogram {
 public:
  void Add(std::int64_t us, std::int64_t count = 1);
  void Add(const DurationHistogram& other);
  // (upper bound in seconds, count), rising.
  [[nodiscard]] std::vector<std::pair<double, std::int64_t>> Entries() const;

 private:
  void AddClass(std::uint16_t which, std::int64_t count);
  std::vector<std::pair<std::uint16_t, std::int64_t>> classes_;  // rising
};

struct CallStatistics {
  std::int64_t ok = 0;
  std::int64_t throttles = 0;
  std::int64_t errors = 0;  // others
  std::int64_t faults = 0;
  std::int64_t total_us = 0;
  DurationHistogram durations;

  [[nodiscard]] std::int64_t total() const { return ok + throttles + errors + faults; }
  void Add(const Part& part);
  void Add(const CallStatistics& other);
};

struct NodeOfMap {
  CallStatistics statistics;
  std::int64_t first_us = 0;  // of what was seen of it
  std::int64_t last_us = 0;
  bool is_root = false;  // a client calls it
  void See(const Part& part);
  void Add(const NodeOfMap& other);
};

class ServiceMap {
 public:
  void Add(const Trace& trace);
  void Add(const ServiceMap& other);

  using EdgeKey = std::pair<NodeId, NodeId>;  // from, to
  struct HashEdge {
    std::size_t operator()(const EdgeKey& edge) const {
      return std::hash<std::uint64_t>()(std::uint64_t{edge.first} << 32 | edge.second);
    }
  };
  [[nodiscard]] const std::unordered_map<NodeId, NodeOfMap>& nodes() const { return nodes_; }
  [[nodiscard]] const std::unordered_map<EdgeKey, NodeOfMap, HashEdge>& edges() const {
    return edges_;
  }

 private:
  void AddEdge(NodeId from, NodeId to, const Part& part);

  std::unordered_map<NodeId, NodeOfMap> nodes_;
  std::unordered_map<EdgeKey, NodeOfMap, HashEdge> edges_;
};

}  // namespace usher::xray
