// Operations ListMetrics, GetMetricStatistics and GetMetricData. Errors: invalid input; invalid
// token. Of GetMetricData's expressions only the ids of other queries and arithmetic are wanted by
// dashboards; none is built, and each says so.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/encoding.h"
#include "json/json.h"
#include "services/cloudwatch/operations.h"

namespace usher::cloudwatch {
namespace {

constexpr std::size_t kPageMetrics = 500;
constexpr std::int64_t kMaxDatapoints = 1'440;       // of GetMetricStatistics
constexpr std::int64_t kMaxDataOfQueries = 100'800;  // of GetMetricData

std::int64_t MinuteOf(Time time) { return EpochMillis(time) / 60'000; }
// The first minute that begins at this time or after it.
std::int64_t MinuteFrom(Time time) { return (EpochMillis(time) + 59'999) / 60'000; }

std::vector<std::pair<std::string, std::string>> DimensionsOf(
    const std::optional<std::vector<api::Dimension>>& given) {
  std::vector<std::pair<std::string, std::string>> dimensions;
  for (const api::Dimension& one : given.value_or(std::vector<api::Dimension>())) {
    dimensions.emplace_back(one.name, one.value);
  }
  std::ranges::sort(dimensions);
  return dimensions;
}

Result<std::int64_t> MinutesOf(std::int64_t period) {
  if (period < 1 || (period % 60 != 0 && period != 1 && period != 5 && period != 10 &&
                     period != 20 && period != 30)) {
    return InvalidInput("Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds, not " +
                        std::to_string(period));
  }
  return std::max<std::int64_t>(1, period / 60);
}

// "p99", "p99.9", "tm…" and others are refused. nullopt: none of the known ones.
std::optional<double> StatisticOf(std::string_view name, const metrics::Distribution& values) {
  if (name == "SampleCount") return values.count();
  if (name == "Sum") return values.sum();
  if (name == "Average") return values.sum() / values.count();
  if (name == "Minimum") return values.least();
  if (name == "Maximum") return values.greatest();
  if (!name.starts_with('p')) return std::nullopt;
  double percent = 0;
  const auto [end, problem] = std::from_chars(name.data() + 1, name.data() + name.size(), percent);
  if (problem != std::errc() || end != name.data() + name.size() || percent < 0 || percent > 100) {
    return std::nullopt;
  }
  return values.Quantile(percent / 100);
}

Result<void> CheckStatistic(std::string_view name) {
  metrics::Distribution one;
  one.Add(1);
  if (StatisticOf(name, one)) return {};
  return InvalidInput("The statistic '" + std::string(name.substr(0, 100)) +
                      "' is unknown: known are SampleCount, Sum, Average, Minimum, Maximum and "
                      "percentiles such as p99");
}

// ---- page tokens: the first series of the next page ----

std::string WriteToken(const metrics::SeriesName& name) {
  ValueList list{name.name_space, name.name};
  for (const auto& [dimension, value] : name.dimensions) {
    list.emplace_back(dimension);
    list.emplace_back(value);
  }
  return Base64Encode(json::Write(Value(std::move(list))));
}

Result<metrics::SeriesName> ReadToken(std::string_view text) {
  const Error wrong{ErrorCode::kInvalidNextToken, "NextToken is none that this service has given"};
  const auto decoded = Base64Decode(text);
  if (!decoded) return wrong;
  const auto value = json::Parse(*decoded);
  const ValueList* list = value ? value->as_list() : nullptr;
  if (list == nullptr || list->size() < 2 || list->size() % 2 != 0) return wrong;
  std::vector<std::string> words;
  for (const Value& one : *list) {
    if (one.as_string() == nullptr) return wrong;
    words.push_back(*one.as_string());
  }
  metrics::SeriesName name{.name_space = words[0], .name = words[1]};
  for (std::size_t i = 2; i < words.size(); i += 2) {
    name.dimensions.emplace_back(words[i], words[i + 1]);
  }
  return name;
}

bool Fits(const metrics::SeriesName& series, const api::ListMetricsInput& request) {
  if (request.namespace_ && *request.namespace_ != series.name_space) return false;
  if (request.metric_name && *request.metric_name != series.name) return false;
  for (const api::DimensionFilter& filter :
       request.dimensions.value_or(std::vector<api::DimensionFilter>())) {
    const bool found = std::ranges::any_of(series.dimensions, [&](const auto& dimension) {
      return dimension.first == filter.name && (!filter.value || *filter.value == dimension.second);
    });
    if (!found) return false;
  }
  return true;
}

std::vector<api::Dimension> DimensionsOf(const metrics::SeriesName& series) {
  std::vector<api::Dimension> dimensions;
  for (const auto& [name, value] : series.dimensions) {
    dimensions.push_back({.name = name, .value = value});
  }
  return dimensions;
}

}  // namespace

Result<api::ListMetricsOutput> ListMetrics(const api::ListMetricsInput& request, Service& service,
                                           wire::CallContext& context) {
  metrics::SeriesName from;
  if (request.next_token) {
    auto read = ReadToken(*request.next_token);
    if (!read) return read.error();
    from = *std::move(read);
  }
  const std::int64_t recent = MinuteOf(context.now) - 3 * 60;
  api::ListMetricsOutput output{.metrics = std::vector<api::Metric>()};
  service.registry.Visit(from, [&](const metrics::SeriesName& name, const metrics::Series& series) {
    if (!Fits(name, request) || series.minutes.empty()) return true;
    if (request.recently_active && series.minutes.rbegin()->first < recent) return true;
    if (output.metrics->size() == kPageMetrics) {
      output.next_token = WriteToken(name);
      return false;
    }
    output.metrics->push_back({.namespace_ = name.name_space,
                               .metric_name = name.name,
                               .dimensions = DimensionsOf(name)});
    return true;
  });
  return output;
}

Result<api::GetMetricStatisticsOutput> GetMetricStatistics(
    const api::GetMetricStatisticsInput& request, Service& service, wire::CallContext&) {
  const auto minutes = MinutesOf(request.period);
  if (!minutes) return minutes.error();
  if (request.end_time <= request.start_time) {
    return InvalidInput("The parameter StartTime must be less than the parameter EndTime.");
  }
  const auto statistics = request.statistics.value_or(std::vector<std::string>());
  const auto extended = request.extended_statistics.value_or(std::vector<std::string>());
  if (statistics.empty() && extended.empty()) {
    return InvalidInput("At least one of Statistics and ExtendedStatistics must be given.");
  }
  for (const std::string& name : extended) {
    if (const auto known = CheckStatistic(name); !known) return known.error();
  }
  const auto span =
      std::chrono::duration_cast<std::chrono::seconds>(request.end_time - request.start_time);
  if (span.count() / request.period > kMaxDatapoints) {
    return Named("InvalidParameterCombination", ErrorCode::kInvalidInput,
                 "You have requested up to " + std::to_string(span.count() / request.period) +
                     " datapoints, which exceeds the limit of 1,440. You may reduce the datapoints "
                     "requested by increasing Period, or decreasing the time range.",
                 400);
  }
  const metrics::SeriesName series{.name_space = request.namespace_,
                                   .name = request.metric_name,
                                   .dimensions = DimensionsOf(request.dimensions)};
  std::string unit(metrics::kNoUnit);
  service.registry.Visit(series, [&](const metrics::SeriesName& name, const metrics::Series& is) {
    if (name == series) unit = is.unit;
    return false;
  });
  api::GetMetricStatisticsOutput output{.label = request.metric_name,
                                        .datapoints = std::vector<api::Datapoint>()};
  for (const auto& [begin, values] :
       service.registry.Read(series, MinuteOf(request.start_time), MinuteFrom(request.end_time),
                             *minutes, request.unit.value_or(""))) {
    api::Datapoint point{.timestamp = FromEpochMillis(begin * 60'000)};
    for (const std::string& name : statistics) {
      const std::optional<double> value = StatisticOf(name, values);
      if (name == "SampleCount") point.sample_count = value;
      if (name == "Average") point.average = value;
      if (name == "Sum") point.sum = value;
      if (name == "Minimum") point.minimum = value;
      if (name == "Maximum") point.maximum = value;
    }
    point.unit = unit;
    if (!extended.empty()) {
      point.extended_statistics.emplace();
      for (const std::string& name : extended) {
        (*point.extended_statistics)[name] = StatisticOf(name, values).value_or(0);
      }
    }
    output.datapoints->push_back(std::move(point));
  }
  return output;
}

Result<api::GetMetricDataOutput> GetMetricData(const api::GetMetricDataInput& request,
                                               Service& service, wire::CallContext&) {
  if (request.end_time <= request.start_time) {
    return InvalidInput("The parameter StartTime must be less than the parameter EndTime.");
  }
  if (request.next_token) {
    return Error{ErrorCode::kInvalidNextToken,
                 "NextToken is none that this service has given: all values come in one answer"};
  }
  const bool ascending = request.scan_by == "TimestampAscending";
  api::GetMetricDataOutput output{.metric_data_results = std::vector<api::MetricDataResult>(),
                                  .messages = std::vector<api::MessageData>()};
  std::int64_t data = 0;
  for (const api::MetricDataQuery& query : request.metric_data_queries) {
    if (query.expression || !query.metric_stat) {
      return InvalidInput("The query '" + query.id +
                          "' must have a MetricStat: expressions are not supported by Usher");
    }
    const api::MetricStat& stat = *query.metric_stat;
    const auto minutes = MinutesOf(stat.period);
    if (!minutes) return minutes.error();
    if (const auto known = CheckStatistic(stat.stat); !known) return known.error();
    if (!query.return_data.value_or(true)) continue;
    const metrics::SeriesName series{.name_space = stat.metric.namespace_.value_or(""),
                                     .name = stat.metric.metric_name.value_or(""),
                                     .dimensions = DimensionsOf(stat.metric.dimensions)};
    api::MetricDataResult result{.id = query.id,
                                 .label = query.label.value_or(series.name),
                                 .timestamps = std::vector<Time>(),
                                 .values = std::vector<double>(),
                                 .status_code = "Complete"};
    auto steps =
        service.registry.Read(series, MinuteOf(request.start_time), MinuteFrom(request.end_time),
                              *minutes, stat.unit.value_or(""));
    data += static_cast<std::int64_t>(steps.size());
    if (data > kMaxDataOfQueries) {
      return InvalidInput(
          "The queries ask for more than 100,800 values: ask for less time or a longer Period");
    }
    if (!ascending) std::ranges::reverse(steps);
    for (const auto& [begin, values] : steps) {
      result.timestamps->push_back(FromEpochMillis(begin * 60'000));
      result.values->push_back(StatisticOf(stat.stat, values).value_or(0));
    }
    output.metric_data_results->push_back(std::move(result));
  }
  return output;
}

}  // namespace usher::cloudwatch
