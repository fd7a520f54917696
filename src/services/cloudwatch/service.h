// Amazon CloudWatch: the metrics that the server counts of itself (metrics/registry.h) and those
// that clients put, kept over restarts.
//
// Files: a bounded log of changes, one record a minute and series. What a client put is written
// before it is told so; what the server counts itself, each minute: a server that is killed forgets
// the last one. A power cut may take the last seconds of both.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/registry.h"
#include "storage/bounded_log.h"
#include "wire/dispatcher.h"

namespace usher::cloudwatch {

class Service {
 public:
  // Reads what is stored into `registry`, which must outlive it. Errors: corrupt; internal.
  static Result<std::unique_ptr<Service>> Open(const std::string& folder,
                                               metrics::Registry& registry, const Clock& clock);
  ~Service();  // keeps what is not kept yet
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Keeps and adds what a client has put. Errors: limit exceeded; internal.
  Result<void> Put(std::span<const metrics::Change> changes);

  metrics::Registry& registry;
  const Clock& clock;

 private:
  Service(std::unique_ptr<storage::BoundedLog> log, metrics::Registry& given_registry,
          const Clock& given_clock);
  void Work();
  void KeepOwn(bool all);
  Result<void> Append(std::span<const metrics::Change> changes);

  std::unique_ptr<storage::BoundedLog> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread keeper_;
};

// A change as a record of the log, JSON. Errors of reading: corrupt.
[[nodiscard]] std::string WriteChange(const metrics::Change& change);
Result<metrics::Change> ReadChange(std::string_view text);

// Adds every operation of the service.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::cloudwatch
