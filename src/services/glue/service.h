// AWS Glue: jobs, and their runs as real processes: Python, Spark, and jobs that are built in
// (builtin_jobs/builtin_job.h).
//
// A run is accepted durably and carried out from a lane of deliveries (runner.h), so that one that
// the end of the server cut begins again at its next start.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/delivery_queue.h"
#include "jobs/process.h"
#include "log_events/log_writer.h"
#include "services/glue/catalog.h"
#include "services/glue/run_progress.h"
#include "services/glue/stop_signals.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"
#include "wire/temporary_credentials.h"

namespace usher::glue {

struct Options {
  std::string data_folder;
  std::string endpoint;         // of this server, as its jobs reach it
  std::string binary;           // of this program, for built-in jobs
  std::string python;           // interpreter for pythonshell, with boto3
  std::string python_packages;  // the folder with awsglue and glue_runtime
  std::string spark_home;       // what ./setup --spark made; may not be there
  std::string spark_master = "local[*]";
};

class Service {
 public:
  // Everything given must outlive the service. Ends the processes that an earlier server's runs
  // left, and removes their folders.
  static Result<std::unique_ptr<Service>> Open(Options options, storage::DocumentStore& store,
                                               jobs::DeliveryQueue& deliveries,
                                               const wire::Dispatcher& dispatcher,
                                               wire::TemporaryCredentials& credentials,
                                               const Clock& clock);
  ~Service() { Stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Once every service is registered.
  void Start() { logs.Start(); }
  // Ends the processes of all runs, which begin again at the next start: before the server stops
  // answering them.
  void StopRuns() { signals.StopAll(); }
  // After the last delivery.
  void Stop() { logs.Stop(); }

  const Options options;
  storage::DocumentStore& store;
  jobs::DeliveryQueue& deliveries;
  const wire::Dispatcher& dispatcher;
  wire::TemporaryCredentials& credentials;
  const Clock& clock;
  const Catalog catalog;
  log_events::LogWriter logs;
  jobs::Spawner spawner;
  StopSignals signals;
  RunProgress progress;
  std::counting_semaphore<> spark_places;
  // Held while a run is counted and added, or a job changed.
  std::mutex changing;

 private:
  Service(Options given, storage::DocumentStore& documents, jobs::DeliveryQueue& queue,
          const wire::Dispatcher& door, wire::TemporaryCredentials& keys, const Clock& time);
};

// Adds every operation of the service and its lane of deliveries.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::glue
