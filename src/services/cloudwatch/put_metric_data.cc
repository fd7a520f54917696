// Operation PutMetricData. Errors: invalid input, naming the metric; limit exceeded.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "services/cloudwatch/operations.h"

namespace usher::cloudwatch {
namespace {

constexpr std::size_t kMaxDimensions = 30;
constexpr std::size_t kMaxValues = 150;  // of one datum
constexpr double kMostValue = 0x1p360;   // as the service has it
constexpr std::chrono::hours kOldest{14 * 24};
constexpr std::chrono::hours kNewest{2};

Error Wrong(const api::MetricDatum& datum, const std::string& what) {
  return InvalidInput("The metric '" + datum.metric_name + "': " + what);
}

bool IsAllowed(double value) { return std::isfinite(value) && std::abs(value) <= kMostValue; }

Result<metrics::Distribution> ValuesOf(const api::MetricDatum& datum) {
  metrics::Distribution values;
  const int given =
      (datum.value ? 1 : 0) + (datum.statistic_values ? 1 : 0) + (datum.values ? 1 : 0);
  if (given != 1)
    return Wrong(datum, "exactly one of Value, Values and StatisticValues is needed.");
  if (datum.value) {
    if (!IsAllowed(*datum.value)) return Wrong(datum, "Value must be a number of up to 2^360.");
    values.Add(*datum.value);
  }
  if (const auto& set = datum.statistic_values) {
    if (!IsAllowed(set->sum) || !IsAllowed(set->minimum) || !IsAllowed(set->maximum) ||
        !IsAllowed(set->sample_count) || set->sample_count <= 0 || set->minimum > set->maximum) {
      return Wrong(datum, "StatisticValues needs a SampleCount above 0 and Minimum up to Maximum.");
    }
    values.AddSummary(set->sample_count, set->sum, set->minimum, set->maximum);
  }
  if (datum.values) {
    if (datum.values->empty() || datum.values->size() > kMaxValues) {
      return Wrong(datum, "Values must hold 1 to 150 numbers.");
    }
    if (datum.counts && datum.counts->size() != datum.values->size()) {
      return Wrong(datum, "Counts must be as many as Values.");
    }
    for (std::size_t i = 0; i < datum.values->size(); ++i) {
      const double count = datum.counts ? (*datum.counts)[i] : 1;
      if (!IsAllowed((*datum.values)[i]) || !IsAllowed(count) || count <= 0) {
        return Wrong(datum, "Values must be numbers of up to 2^360, Counts above 0.");
      }
      values.Add((*datum.values)[i], count);
    }
  }
  return values;
}

}  // namespace

Result<api::PutMetricData::Response> PutMetricData(const api::PutMetricDataInput& request,
                                                   Service& service, wire::CallContext& context) {
  if (request.namespace_.starts_with("AWS/")) {
    return InvalidInput("The value AWS/ for parameter Namespace is invalid: it is the services'.");
  }
  std::vector<metrics::Change> changes;
  for (const api::MetricDatum& datum :
       request.metric_data.value_or(std::vector<api::MetricDatum>())) {
    auto values = ValuesOf(datum);
    if (!values) return values.error();
    const Time time = datum.timestamp.value_or(context.now);
    if (time < context.now - kOldest || time > context.now + kNewest) {
      return Wrong(datum, "Timestamp must lie within the last two weeks and the next two hours.");
    }
    metrics::Change change{.series = {.name_space = request.namespace_, .name = datum.metric_name},
                           .unit = datum.unit.value_or(std::string(metrics::kNoUnit)),
                           .minute = EpochMillis(time) / 60'000,
                           .values = *std::move(values)};
    for (const api::Dimension& one : datum.dimensions.value_or(std::vector<api::Dimension>())) {
      change.series.dimensions.emplace_back(one.name, one.value);
    }
    if (change.series.dimensions.size() > kMaxDimensions) {
      return Wrong(datum, "there can be at most 30 dimensions.");
    }
    std::ranges::sort(change.series.dimensions);
    changes.push_back(std::move(change));
  }
  if (const auto put = service.Put(changes); !put) return put.error();
  return api::PutMetricData::Response{};
}

}  // namespace usher::cloudwatch
