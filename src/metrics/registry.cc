#include "metrics/registry.h"

#include <algorithm>
#include <cmath>

#include "json/json.h"

namespace usher::metrics {
namespace {

std::int64_t MinuteOf(Time time) { return EpochMillis(time) / 60'000; }

// "GetRecommendationsLatency" as "get_recommendations_latency", "AWS/Lambda" as "lambda".
std::string PrometheusName(std::string_view text) {
  if (text.starts_with("AWS/")) text.remove_prefix(4);
  std::string name;
  bool was_lower = false;
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_other = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_upper && was_lower) name += '_';
    if (is_upper) {
      name += static_cast<char>(c - 'A' + 'a');
    } else {
      name += is_other ? c : '_';
    }
    was_lower = is_other;
  }
  return name;
}

void AppendLabels(std::string& out, const SeriesName& series, std::string_view bound = {}) {
  out += '{';
  for (const auto& [name, value] : series.dimensions) {
    out += PrometheusName(name);
    out += "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += "\",";
  }
  if (!bound.empty()) out.append("le=\"").append(bound).append("\",");
  if (out.back() == ',') out.pop_back();
  out += '}';
}

void AppendSample(std::string& out, const std::string& family, std::string_view suffix,
                  const SeriesName& series, double value, std::string_view bound = {}) {
  out.append(family).append(suffix);
  AppendLabels(out, series, bound);
  out += ' ';
  json::AppendNumber(out, value);
  out += '\n';
}

void AppendHistogram(std::string& out, const std::string& family, const SeriesName& series,
                     const Distribution& values, std::span<const double> bounds) {
  for (const double bound : bounds) {
    std::string text;
    json::AppendNumber(text, bound);
    AppendSample(out, family, "_bucket", series, values.CountUpTo(bound), text);
  }
  AppendSample(out, family, "_bucket", series, values.count(), "+Inf");
  AppendSample(out, family, "_sum", series, values.sum());
  AppendSample(out, family, "_count", series, values.count());
}

constexpr double kMillisecondBounds[] = {0.25, 0.5, 1,   2.5,  5,    10,   25,    50,
                                         100,  250, 500, 1000, 2500, 5000, 10000, 60000};
constexpr double kSecondBounds[] = {0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400};

}  // namespace

Registry::Entry* Registry::Find(const SeriesName& name, std::string_view unit, bool is_own) {
  const auto found = series_.find(name);
  if (found != series_.end()) {
    found->second.is_own = found->second.is_own || is_own;
    return &*found;
  }
  if (series_.size() >= kMaxSeries) {
    ++refused_;
    return nullptr;
  }
  const auto made = series_.try_emplace(name).first;
  made->second.unit = unit;
  made->second.is_own = is_own;
  return &*made;
}

Registry::Entry* Registry::FindOwn(std::string_view name_space, std::string_view name,
                                   std::initializer_list<Dimension> dimensions,
                                   std::string_view unit) {
  thread_local std::string key;  // so that most calls allocate nothing
  key.clear();
  key.append(name_space).append(1, '\0').append(name).append(1, '\0');
  for (const auto& [dimension, is] : dimensions) {
    key.append(dimension).append(1, '\0').append(is).append(1, '\0');
  }
  if (const auto known = own_.find(std::string_view(key)); known != own_.end()) {
    return known->second;
  }
  SeriesName full{.name_space = std::string(name_space), .name = std::string(name)};
  for (const auto& [dimension, is] : dimensions) full.dimensions.emplace_back(dimension, is);
  std::ranges::sort(full.dimensions);
  Entry* entry = Find(full, unit, true);
  if (entry != nullptr) own_.emplace(key, entry);
  return entry;
}

void Registry::AddMinute(Series& series, std::int64_t minute, const Distribution& values) {
  const auto [at, is_new] = series.minutes.try_emplace(minute);
  at->second.Add(values);
  if (is_new) ++minutes_;
  if (minutes_ <= kMaxMinutes) return;
  // The oldest of this series: it is the one that has grown.
  series.minutes.erase(series.minutes.begin());
  --minutes_;
}

void Registry::Add(std::string_view name_space, std::string_view name,
                   std::initializer_list<Dimension> dimensions, double value,
                   std::string_view unit) {
  const std::int64_t minute = MinuteOf(clock_.Now());
  const std::lock_guard lock(mutex_);
  Entry* entry = FindOwn(name_space, name, dimensions, unit);
  if (entry == nullptr) return;
  Series& series = entry->second;
  if (series.untaken_minute != minute) {
    if (!series.untaken.empty()) closed_.push_back(TakeFrom(*entry));
    series.untaken_minute = minute;
  }
  Distribution one;
  one.Add(value);
  series.total.Add(one);
  series.untaken.Add(one);
  AddMinute(series, minute, one);
}

Change Registry::TakeFrom(Entry& entry) {
  auto& [name, series] = entry;
  return {.series = name,
          .unit = series.unit,
          .is_own = true,
          .minute = series.untaken_minute,
          .values = std::exchange(series.untaken, Distribution())};
}

Result<void> Registry::Put(const Change& change) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(change.series, change.unit, change.is_own);
  if (entry == nullptr) {
    return LimitExceeded("There are " + std::to_string(kMaxSeries) +
                         " metrics already, as many as are kept.");
  }
  AddMinute(entry->second, change.minute, change.values);
  return {};
}

void Registry::Restore(const Change& change) { (void)Put(change); }

std::vector<Change> Registry::TakeChanges(bool all) {
  const std::int64_t now = MinuteOf(clock_.Now());
  const std::lock_guard lock(mutex_);
  std::vector<Change> taken = std::exchange(closed_, {});
  for (Entry& entry : series_) {
    const Series& series = entry.second;
    if (series.untaken.empty() || (!all && series.untaken_minute >= now)) continue;
    taken.push_back(TakeFrom(entry));
  }
  return taken;
}

void Registry::Forget() {
  const std::int64_t oldest = MinuteOf(clock_.Now()) - kKeptMinutes;
  const std::lock_guard lock(mutex_);
  for (auto at = series_.begin(); at != series_.end();) {
    auto& minutes = at->second.minutes;
    const auto end = minutes.lower_bound(oldest);
    minutes_ -= static_cast<std::size_t>(std::distance(minutes.begin(), end));
    minutes.erase(minutes.begin(), end);
    at = minutes.empty() && at->second.total.empty() ? series_.erase(at) : std::next(at);
  }
}

void Registry::Visit(
    const SeriesName& from,
    const std::function<bool(const SeriesName& name, const Series& series)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (auto at = series_.lower_bound(from); at != series_.end(); ++at) {
    if (!visit(at->first, at->second)) return;
  }
}

std::vector<std::pair<std::int64_t, Distribution>> Registry::Read(const SeriesName& series,
                                                                  std::int64_t from,
                                                                  std::int64_t to,
                                                                  std::int64_t step,
                                                                  std::string_view unit) const {
  std::vector<std::pair<std::int64_t, Distribution>> steps;
  const std::lock_guard lock(mutex_);
  const auto found = series_.find(series);
  if (found == series_.end() || (!unit.empty() && unit != found->second.unit)) return steps;
  const auto& minutes = found->second.minutes;
  for (auto at = minutes.lower_bound(from); at != minutes.end() && at->first < to; ++at) {
    const std::int64_t begin = at->first / step * step;
    if (steps.empty() || steps.back().first != begin) steps.emplace_back(begin, Distribution());
    steps.back().second.Add(at->second);
  }
  return steps;
}

void Registry::AppendPrometheus(std::string& out) const {
  const std::lock_guard lock(mutex_);
  std::string last;
  for (const auto& [name, series] : series_) {
    if (!series.is_own || series.total.empty()) continue;
    const bool is_count = series.unit == kCount;
    std::string family =
        "usher_" + PrometheusName(name.name_space) + "_" + PrometheusName(name.name);
    family += is_count ? "_total" : "_" + PrometheusName(series.unit);
    if (family != last) {
      out.append("# HELP ").append(family).append(" ").append(name.name_space).append(" ");
      out.append(name.name).append(", as CloudWatch shows it, since the server's start.\n");
      out.append("# TYPE ").append(family).append(is_count ? " counter\n" : " histogram\n");
      last = family;
    }
    if (is_count) {
      AppendSample(out, family, "", name, series.total.sum());
    } else {
      AppendHistogram(out, family, name, series.total,
                      series.unit == kSeconds ? std::span<const double>(kSecondBounds)
                                              : std::span<const double>(kMillisecondBounds));
    }
  }
}

std::uint64_t Registry::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace usher::metrics
