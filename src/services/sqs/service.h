// SQS, as far as a destination needs it: standard queues.
#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"
#include "services/sqs/queues.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::sqs {

// A long poll keeps a thread of the server; beyond this many a receive answers at once with what
// there is, as a receive may at any time.
inline constexpr int kMaxLongPolls = 64;

class Service {
 public:
  // `store` and `clock` must outlive the service; `endpoint` is this server's, for URLs of queues.
  Service(storage::DocumentStore& store, const Clock& clock, std::string endpoint)
      : queues_(store, clock), endpoint_(std::move(endpoint)) {}

  Result<void> Start() { return queues_.Start(); }
  // Ends the long polls, for the server to stop.
  void StopWaiting() { stopping_ = true; }

  [[nodiscard]] Queues& queues() { return queues_; }
  [[nodiscard]] std::string UrlOf(std::string_view name, const wire::CallContext& context) const;
  [[nodiscard]] bool is_stopping() const { return stopping_; }
  std::atomic<int>& long_polls() { return long_polls_; }

 private:
  Queues queues_;
  std::string endpoint_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> long_polls_ = 0;
};

// Adds every operation of the service.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::sqs
