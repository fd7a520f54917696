#include "server/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "json/json.h"

namespace usher::server {
namespace {

constexpr std::array<std::string_view, 6> kClasses = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

void AppendHelp(std::string& out, std::string_view name, std::string_view type,
                std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

// Values of labels are names from the models and our own: they hold nothing to escape.
std::string Labels(const std::pair<std::string, std::string>& key) {
  return "{service=\"" + key.first + "\",operation=\"" + key.second + "\"";
}

void AppendSample(std::string& out, std::string_view name, std::string_view labels, double value) {
  out.append(name).append(labels).append(" ");
  json::AppendNumber(out, value);
  out.append("\n");
}

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void Metrics::Record(const Exchange& exchange) {
  const double seconds = Seconds(exchange.duration);
  const auto bucket =
      static_cast<std::size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin());
  const auto status_class = static_cast<std::size_t>(std::clamp(exchange.status / 100, 0, 5));
  const std::lock_guard lock(mutex_);
  Series& series = series_[{exchange.service, exchange.operation}];
  ++series.by_class[status_class];
  ++series.by_duration[bucket];
  series.total += exchange.duration;
  series.bytes_in += exchange.bytes_in;
  series.bytes_out += exchange.bytes_out;
}

std::string Metrics::Text() const {
  const auto series = [&] {
    const std::lock_guard lock(mutex_);
    return series_;
  }();
  std::string out;

  AppendHelp(out, "usher_requests_total", "counter", "Requests by status class.");
  for (const auto& [key, counts] : series) {
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
      if (counts.by_class[i] == 0) continue;
      AppendSample(out, "usher_requests_total",
                   Labels(key) + ",status=\"" + std::string(kClasses[i]) + "\"}",
                   static_cast<double>(counts.by_class[i]));
    }
  }

  AppendHelp(out, "usher_request_duration_seconds", "histogram",
             "From the whole header of a request to the last byte of its answer.");
  for (const auto& [key, counts] : series) {
    std::uint64_t up_to = 0;
    for (std::size_t i = 0; i <= kBounds.size(); ++i) {
      up_to += counts.by_duration[i];
      std::string bound = "+Inf";
      if (i < kBounds.size()) {
        bound.clear();
        json::AppendNumber(bound, kBounds[i]);
      }
      AppendSample(out, "usher_request_duration_seconds_bucket",
                   Labels(key) + ",le=\"" + bound + "\"}", static_cast<double>(up_to));
    }
    AppendSample(out, "usher_request_duration_seconds_sum", Labels(key) + "}",
                 Seconds(counts.total));
    AppendSample(out, "usher_request_duration_seconds_count", Labels(key) + "}",
                 static_cast<double>(up_to));
  }

  AppendHelp(out, "usher_received_bytes_total", "counter", "Bytes of requests, with headers.");
  for (const auto& [key, counts] : series) {
    AppendSample(out, "usher_received_bytes_total", Labels(key) + "}",
                 static_cast<double>(counts.bytes_in));
  }
  AppendHelp(out, "usher_sent_bytes_total", "counter", "Bytes of answers, with headers.");
  for (const auto& [key, counts] : series) {
    AppendSample(out, "usher_sent_bytes_total", Labels(key) + "}",
                 static_cast<double>(counts.bytes_out));
  }
  return out;
}

void AppendMetric(std::string& out, std::string_view name, std::string_view type,
                  std::string_view help, double value) {
  AppendHelp(out, name, type, help);
  AppendSample(out, name, "", value);
}

void AppendProcessMetrics(std::string& out, Time started) {
  AppendMetric(out, "process_start_time_seconds", "gauge", "Start of the process, as epoch time.",
               static_cast<double>(EpochMillis(started)) / 1000.0);
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(
      std::fopen("/proc/self/statm", "re"), std::fclose);
  unsigned long total = 0;
  unsigned long resident = 0;
  if (file && std::fscanf(file.get(), "%lu %lu", &total, &resident) == 2) {
    AppendMetric(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
                 static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
}

}  // namespace usher::server
