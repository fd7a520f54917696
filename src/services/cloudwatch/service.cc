#include "services/cloudwatch/service.h"

#include <chrono>
#include <vector>

#include "base/log.h"
#include "json/json.h"
#include "services/cloudwatch/operations.h"
#include "wire/convert.h"

namespace usher::cloudwatch {
namespace {

constexpr std::chrono::minutes kKeepEvery{1};
constexpr std::size_t kFiles = 8;  // of 16 MiB

}  // namespace

std::string WriteChange(const metrics::Change& change) {
  ValueMap map;
  map.Append("namespace", change.series.name_space);
  map.Append("name", change.series.name);
  ValueMap dimensions;
  for (const auto& [name, value] : change.series.dimensions) dimensions.Append(name, value);
  map.Append("dimensions", std::move(dimensions));
  map.Append("unit", change.unit);
  map.Append("own", change.is_own);
  map.Append("minute", change.minute);
  const metrics::Distribution& values = change.values;
  map.Append("values", ValueList{values.count(), values.sum(), values.least(), values.greatest()});
  ValueList classes;
  for (const auto& [number, count] : values.classes()) {
    classes.emplace_back(std::int64_t{number});
    classes.emplace_back(count);
  }
  map.Append("classes", std::move(classes));
  return json::Write(Value(std::move(map)));
}

Result<metrics::Change> ReadChange(std::string_view text) {
  const Error damaged = Corrupt("a record of a metric is damaged");
  const auto value = json::Parse(text);
  if (!value) return damaged;
  metrics::Change change;
  wire::ReadMember(*value, "namespace", change.series.name_space);
  wire::ReadMember(*value, "name", change.series.name);
  wire::ReadMember(*value, "unit", change.unit);
  wire::ReadMember(*value, "own", change.is_own);
  wire::ReadMember(*value, "minute", change.minute);
  const Value* dimensions = value->Find("dimensions");
  const Value* numbers = value->Find("values");
  const Value* classes = value->Find("classes");
  if (dimensions == nullptr || dimensions->as_map() == nullptr || numbers == nullptr ||
      numbers->as_list() == nullptr || numbers->as_list()->size() != 4 || classes == nullptr ||
      classes->as_list() == nullptr || classes->as_list()->size() % 2 != 0) {
    return damaged;
  }
  for (const auto& [name, is] : *dimensions->as_map()) {
    if (is.as_string() == nullptr) return damaged;
    change.series.dimensions.emplace_back(name, *is.as_string());
  }
  // Whole numbers come back as integers.
  const auto number = [](const Value& one) {
    if (one.as_int() != nullptr) return static_cast<double>(*one.as_int());
    return one.as_double() != nullptr ? *one.as_double() : 0.0;
  };
  std::vector<metrics::Distribution::Class> read;
  const ValueList& list = *classes->as_list();
  for (std::size_t i = 0; i < list.size(); i += 2) {
    read.emplace_back(static_cast<std::int32_t>(number(list[i])), number(list[i + 1]));
  }
  const ValueList& is = *numbers->as_list();
  change.values = metrics::Distribution::Restore(number(is[0]), number(is[1]), number(is[2]),
                                                 number(is[3]), std::move(read));
  return change;
}

Result<std::unique_ptr<Service>> Service::Open(const std::string& folder,
                                               metrics::Registry& registry, const Clock& clock) {
  auto log = storage::BoundedLog::Open(folder, {.segments = kFiles});
  if (!log) return log.error();
  std::size_t damaged = 0;
  const auto visited = (*log)->ForEach([&](const storage::BoundedLog::Record& record) {
    const auto change = ReadChange(record.value);
    if (change) {
      registry.Restore(*change);
    } else {
      ++damaged;
    }
  });
  if (!visited) return visited.error();
  if (damaged > 0) {
    Log(LogLevel::kWarning, "some stored metrics cannot be read and are left out",
        {{"records", std::to_string(damaged)}});
  }
  registry.Forget();
  std::unique_ptr<Service> service(new Service(*std::move(log), registry, clock));
  service->keeper_ = std::thread([raw = service.get()] { raw->Work(); });
  return service;
}

Service::Service(std::unique_ptr<storage::BoundedLog> log, metrics::Registry& given_registry,
                 const Clock& given_clock)
    : registry(given_registry), clock(given_clock), log_(std::move(log)) {}

Service::~Service() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  KeepOwn(true);
}

void Service::Work() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kKeepEvery, [this] { return stopping_; })) {
    lock.unlock();
    KeepOwn(false);
    registry.Forget();
    lock.lock();
  }
}

void Service::KeepOwn(bool all) {
  const std::vector<metrics::Change> changes = registry.TakeChanges(all);
  if (changes.empty()) return;
  if (const auto appended = Append(changes); !appended) {
    Log(LogLevel::kError, "a minute of metrics cannot be kept",
        {{"reason", appended.error().message}});
  }
}

Result<void> Service::Append(std::span<const metrics::Change> changes) {
  std::vector<std::string> texts;
  std::vector<storage::BoundedLog::Record> records;
  texts.reserve(changes.size());
  for (const metrics::Change& change : changes) texts.push_back(WriteChange(change));
  for (const std::string& text : texts) records.push_back({.key = "change", .value = text});
  return log_->Append(records);
}

Result<void> Service::Put(std::span<const metrics::Change> changes) {
  if (const auto appended = Append(changes); !appended) return appended;
  for (const metrics::Change& change : changes) {
    if (const auto put = registry.Put(change); !put) return put;
  }
  return {};
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  const auto add = [&]<typename Op>(auto operation, Op* /*tag*/) {
    dispatcher.Handle<Op>(
        [operation, &service](const typename Op::Request& request, wire::CallContext& context) {
          return operation(request, service, context);
        });
  };
  add(PutMetricData, static_cast<api::PutMetricData*>(nullptr));
  add(ListMetrics, static_cast<api::ListMetrics*>(nullptr));
  add(GetMetricStatistics, static_cast<api::GetMetricStatistics*>(nullptr));
  add(GetMetricData, static_cast<api::GetMetricData*>(nullptr));
}

}  // namespace usher::cloudwatch
