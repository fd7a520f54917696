// CloudWatch Logs: groups, streams, events, and searching them.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "services/logs/groups.h"
#include "services/logs/queries.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::logs {

// Handlers are plain functions: Result<Response> PutLogEvents(const Request&, Service&,
// wire::CallContext&).
class Service {
 public:
  // `folder` will hold the events. The store and the clock must outlive it.
  Service(storage::DocumentStore& store, const Clock& clock, std::string folder)
      : groups(store, clock, std::move(folder)) {}
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Reads what is stored and begins to keep it in order, in a thread of its own. Once, before any
  // call. Errors: corrupt; internal.
  Result<void> Start();
  // Has the thread look now: a file is full.
  void WakeKeeper();

  Groups groups;
  Queries queries;

 private:
  void Keep();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool wake_ = false;
  std::thread keeper_;
};

// Adds every operation of the service, which must outlive the dispatcher's use.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::logs
