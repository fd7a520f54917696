// AWS Lambda: functions as documents and files, run as real processes (sandbox.h) or, where they
// are built in, inside the server (functions/builtin_function.h).
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "functions/builtin_function.h"
#include "jobs/delivery_queue.h"
#include "services/lambda/catalog.h"
#include "services/lambda/code_store.h"
#include "services/lambda/executor.h"
#include "services/lambda/layers.h"
#include "log_events/log_writer.h"
#include "services/lambda/pool.h"
#include "services/lambda/runtimes.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"
#include "wire/temporary_credentials.h"

namespace usher::lambda {

struct Options {
  std::string data_folder;
  std::string endpoint;       // of this server, as its functions reach it
  std::string python;         // interpreter with awslambdaric
  std::string xray_daemon;    // address of the daemon's port, for functions; empty: none
  std::string layers_folder;  // what ./setup --layer installs into
  std::vector<LayerRule> layer_rules = DefaultLayerRules();
  std::span<const functions::BuiltinFunction> builtins = {};
};

class Service {
 public:
  // Everything given must outlive the service. Removes what an earlier run left in its folders.
  // Errors: internal.
  static Result<std::unique_ptr<Service>> Open(Options options, storage::DocumentStore& store,
                                               jobs::DeliveryQueue& deliveries,
                                               wire::Dispatcher& dispatcher,
                                               wire::TemporaryCredentials& credentials,
                                               const Clock& clock);
  ~Service();

  // Once every service is registered.
  void Start() { logs.Start(); }
  // Invocations that still run after `grace` are ended, so that requests can.
  void StopAfter(std::chrono::milliseconds grace);
  // After the last request and the last delivery.
  void Stop();

  Options options;
  storage::DocumentStore& store;
  jobs::DeliveryQueue& deliveries;
  wire::Dispatcher& dispatcher;
  const Clock& clock;
  std::unique_ptr<CodeStore> code;
  Catalog catalog;
  Layers layers;
  Runtimes runtimes;
  log_events::LogWriter logs;
  Pool pool;
  Executor executor;
  const std::string link_secret = SecureHex(32);  // signs links to code

 private:
  Service(Options given, std::unique_ptr<CodeStore> code_store, storage::DocumentStore& documents,
          jobs::DeliveryQueue& queue, wire::Dispatcher& door,
          wire::TemporaryCredentials& credentials, const Clock& time);
};

// Adds every operation of the service and its lanes of deliveries.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::lambda
