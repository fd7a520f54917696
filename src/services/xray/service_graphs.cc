// Operations GetServiceGraph, GetTraceGraph and GetTimeSeriesServiceStatistics. Errors: invalid
// input, also for groups that are not there.
#include <algorithm>
#include <functional>

#include "services/xray/groups.h"
#include "services/xray/operations.h"

namespace usher::xray {
namespace {

constexpr std::int64_t kMaxSeconds = 6 * 3600 + 60;  // of a graph
constexpr std::int64_t kMaxPeriods = 1'500;

std::int64_t SecondsOf(Time time) { return EpochMillis(time) / 1000; }

std::vector<api::HistogramEntry> HistogramOf(const DurationHistogram& histogram) {
  std::vector<api::HistogramEntry> entries;
  for (const auto& [seconds, count] : histogram.Entries()) {
    entries.push_back({.value = seconds, .count = count});
  }
  return entries;
}

// EdgeStatistics and ServiceStatistics have the same members.
template <typename Statistics>
Statistics StatisticsOf(const CallStatistics& is) {
  Statistics made;
  made.ok_count = is.ok;
  made.error_statistics = {.throttle_count = is.throttles,
                           .other_count = is.errors,
                           .total_count = is.throttles + is.errors};
  made.fault_statistics = {.other_count = is.faults, .total_count = is.faults};
  made.total_count = is.total();
  made.total_response_time = static_cast<double>(is.total_us) / 1e6;
  return made;
}

// Nodes in the order of their type and name, each called by its place.
std::vector<api::Service> ServicesOf(const ServiceMap& map, const TraceIndex& index) {
  std::vector<api::Service> services;
  index.WithNodes([&](const NodeTable& nodes) {
    std::vector<NodeId> ids;
    for (const auto& [id, node] : map.nodes()) ids.push_back(id);
    std::ranges::sort(ids, {}, [&](NodeId id) { return nodes[id]; });
    std::unordered_map<NodeId, std::int64_t> references;
    for (const NodeId id : ids) {
      references.emplace(id, static_cast<std::int64_t>(references.size()));
    }
    for (const NodeId id : ids) {
      const NodeOfMap& node = map.nodes().at(id);
      const bool is_client = nodes[id].type == kClientType;
      api::Service service{.reference_id = references[id],
                           .name = nodes[id].name,
                           .names = std::vector{nodes[id].name},
                           .root = is_client ? std::optional(true) : std::nullopt,
                           .account_id = std::string(wire::kAccountId),
                           .type = std::nullopt,
                           .state = "active",
                           .start_time = FromEpochMillis(node.first_us / 1000),
                           .end_time = FromEpochMillis(node.last_us / 1000),
                           .edges = std::vector<api::Edge>()};
      if (!nodes[id].type.empty()) service.type = nodes[id].type;
      if (is_client) {
        service.account_id.reset();
        service.state.reset();
      } else {
        service.summary_statistics = StatisticsOf<api::ServiceStatistics>(node.statistics);
        service.response_time_histogram = HistogramOf(node.statistics.durations);
        service.duration_histogram = service.response_time_histogram;
      }
      services.push_back(std::move(service));
    }
    for (const auto& [key, edge] : map.edges()) {
      const auto from = references.find(key.first);
      const auto to = references.find(key.second);
      if (from == references.end() || to == references.end()) continue;
      services[static_cast<std::size_t>(from->second)].edges->push_back(
          {.reference_id = to->second,
           .start_time = FromEpochMillis(edge.first_us / 1000),
           .end_time = FromEpochMillis(edge.last_us / 1000),
           .summary_statistics = StatisticsOf<api::EdgeStatistics>(edge.statistics),
           .response_time_histogram = HistogramOf(edge.statistics.durations),
           .aliases = std::vector<api::Alias>()});
    }
    for (api::Service& service : services) {
      std::ranges::sort(*service.edges, {},
                        [](const api::Edge& edge) { return edge.reference_id.value_or(0); });
    }
  });
  return services;
}

Result<void> CheckTimes(Time start, Time end) {
  if (end < start) return InvalidInput("EndTime must not be before StartTime");
  if (SecondsOf(end) - SecondsOf(start) > kMaxSeconds) {
    return InvalidInput("The time between StartTime and EndTime must not be longer than 6 hours");
  }
  return {};
}

// What the group's filter says; empty where it takes all.
TraceIndex::TracePredicate PredicateOf(const std::optional<Filter>& filter) {
  if (!filter) return {};
  return [&filter](const Trace& trace, const NodeTable& nodes) {
    return filter->Matches(trace, nodes);
  };
}

}  // namespace

Result<api::GetServiceGraphResult> GetServiceGraph(const api::GetServiceGraphRequest& request,
                                                   Service& service, wire::CallContext&) {
  if (const auto valid = CheckTimes(request.start_time, request.end_time); !valid) {
    return valid.error();
  }
  const auto filter = FilterOfGroup(service, request.group_name, request.group_arn);
  if (!filter) return filter.error();
  service.Settle();
  const TraceIndex& index = service.store->index();
  const ServiceMap map =
      index.MapOf(SecondsOf(request.start_time), SecondsOf(request.end_time), PredicateOf(*filter));
  return api::GetServiceGraphResult{.start_time = request.start_time,
                                    .end_time = request.end_time,
                                    .services = ServicesOf(map, index),
                                    .contains_old_group_versions = false};
}

Result<api::GetTraceGraphResult> GetTraceGraph(const api::GetTraceGraphRequest& request,
                                               Service& service, wire::CallContext&) {
  constexpr std::size_t kMaxIds = 100;
  if (request.trace_ids.size() > kMaxIds) {
    return InvalidInput("At most 100 TraceIds can be asked for at once, not " +
                        std::to_string(request.trace_ids.size()));
  }
  service.Settle();
  const TraceIndex& index = service.store->index();
  return api::GetTraceGraphResult{.services = ServicesOf(index.MapOf(request.trace_ids), index)};
}

// Without a selector: the requests of clients.
Result<api::GetTimeSeriesServiceStatisticsResult> GetTimeSeriesServiceStatistics(
    const api::GetTimeSeriesServiceStatisticsRequest& request, Service& service,
    wire::CallContext&) {
  if (const auto valid = CheckTimes(request.start_time, request.end_time); !valid) {
    return valid.error();
  }
  const std::int64_t period = request.period.value_or(60);
  if (period != 60 && period != 300) {
    return InvalidInput("Period must be 60 or 300 seconds, not " + std::to_string(period));
  }
  std::optional<EntitySelector> selector;
  if (request.entity_selector_expression) {
    auto parsed = ParseEntitySelector(*request.entity_selector_expression);
    if (!parsed) return parsed.error();
    selector = *std::move(parsed);
  }
  const auto filter = FilterOfGroup(service, request.group_name, request.group_arn);
  if (!filter) return filter.error();
  service.Settle();

  const TraceIndex& index = service.store->index();
  const std::int64_t end = SecondsOf(request.end_time);
  const std::int64_t begin = SecondsOf(request.start_time) / period * period;
  Check((end - begin) / period < kMaxPeriods, "six hours have few minutes");
  api::GetTimeSeriesServiceStatisticsResult result{
      .time_series_service_statistics = std::vector<api::TimeSeriesServiceStatistics>(),
      .contains_old_group_versions = false};
  for (std::int64_t at = begin; at <= end; at += period) {
    const ServiceMap map = index.MapOf(std::max(at, SecondsOf(request.start_time)),
                                       std::min(at + period - 1, end), PredicateOf(*filter));
    CallStatistics sum;
    index.WithNodes([&](const NodeTable& nodes) {
      if (selector && !selector->is_edge) {
        for (const auto& [id, node] : map.nodes()) {
          if (nodes[id].type != kClientType && selector->service.Fits(nodes[id])) {
            sum.Add(node.statistics);
          }
        }
        return;
      }
      for (const auto& [key, edge] : map.edges()) {
        const Node& from = nodes[key.first];
        const bool fits =
            selector ? selector->service.Fits(from) && selector->called.Fits(nodes[key.second])
                     : from.type == kClientType;
        if (fits) sum.Add(edge.statistics);
      }
    });
    api::TimeSeriesServiceStatistics entry{.timestamp = FromEpochMillis(at * 1000)};
    if (selector && !selector->is_edge) {
      entry.service_summary_statistics = StatisticsOf<api::ServiceStatistics>(sum);
    } else {
      entry.edge_summary_statistics = StatisticsOf<api::EdgeStatistics>(sum);
    }
    entry.response_time_histogram = HistogramOf(sum.durations);
    result.time_series_service_statistics->push_back(std::move(entry));
  }
  return result;
}

}  // namespace usher::xray
