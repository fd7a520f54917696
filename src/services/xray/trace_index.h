// TraceIndex: the traces that are known, by id and by time, in memory: for summaries, searching and
// service maps.
//
// Bounded: kMaxTraces and kMaxIndexBytes; the oldest go first. A trace lies where its id says that
// it began. For each span of kSpanSeconds with many traces the sum of their maps is kept once it
// has been asked for, and made anew after a late document. Cost:    Add: O(log traces + its parts).
// MapOf over 100,000 traces: xray_bench. Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/xray/service_map.h"
#include "services/xray/trace.h"

namespace usher::xray {

inline constexpr std::size_t kMaxTraces = 250'000;
inline constexpr std::size_t kMaxIndexBytes = std::size_t{192} << 20;
inline constexpr std::int64_t kSpanSeconds = 10;

class TraceIndex {
 public:
  struct Limits {
    std::size_t traces = kMaxTraces;
    std::size_t bytes = kMaxIndexBytes;
  };
  TraceIndex() : TraceIndex(Limits()) {}
  explicit TraceIndex(Limits limits) : limits_(limits) {}

  void Add(std::span<const tracing::Segment* const> segments);
  // Lets go what began before.
  void Forget(std::int64_t oldest_seconds);

  using TracePredicate = std::function<bool(const Trace& trace, const NodeTable& nodes)>;

  // The map of all traces that began in [from, to] (epoch seconds), and for which `matches` holds
  // where it is given.
  [[nodiscard]] ServiceMap MapOf(std::int64_t from, std::int64_t to,
                                 const TracePredicate& matches = {}) const;
  // The same of these traces.
  [[nodiscard]] ServiceMap MapOf(std::span<const std::string> trace_ids) const;

  // Where a walk stands: before this trace. Begin with {to + 1, 0}.
  struct Place {
    std::int64_t seconds = 0;
    std::uint64_t number = 0;
    auto operator<=>(const Place&) const = default;
  };
  // Visits traces that began in [from, `place`), newest first, until `visit` says false (that one
  // was visited) or `most` were looked at. Gives where to go on; nullopt at the end.
  std::optional<Place> Walk(std::int64_t from, Place place, std::size_t most,
                            const std::function<bool(const Trace&, const NodeTable&)>& visit) const;

  // With the table of nodes, while nothing changes. For reading maps.
  void WithNodes(const std::function<void(const NodeTable& nodes)>& use) const;

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  using Traces = std::map<Place, Trace>;

  void RemoveOldest();
  [[nodiscard]] const ServiceMap* SpanMap(std::int64_t span) const;

  const Limits limits_;
  mutable std::mutex mutex_;
  NodeTable nodes_;
  Traces traces_;
  std::unordered_map<std::string, Place> places_;  // by id
  std::uint64_t next_number_ = 1;
  std::size_t bytes_ = 0;
  mutable std::unordered_map<std::int64_t, std::unique_ptr<ServiceMap>> span_maps_;
  std::unordered_map<std::int64_t, std::size_t> span_sizes_;  // traces in each
};

}  // namespace usher::xray
