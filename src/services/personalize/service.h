// What the operations of the service share, and their registration.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "jobs/job_queue.h"
#include "services/personalize/catalog.h"
#include "services/personalize/deployments.h"
#include "services/personalize/filter_cache.h"
#include "services/personalize/impressions.h"
#include "services/personalize/live_data.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::personalize {

struct Options {
  std::string data_folder;    // absolute; imported datasets and models lie under it
  bool include_seen = false;  // recommend items that the user has already interacted with
};

// Handlers are plain functions: Result<Response> CreateX(const Request&, Service&,
// wire::CallContext&).
struct Service {
  Service(storage::DocumentStore& store, jobs::JobQueue& queue, const wire::Dispatcher& door,
          const Clock& time, Options settings)
      : catalog(store, time),
        jobs(queue),
        dispatcher(door),
        clock(time),
        options(std::move(settings)),
        deployments(catalog, options.data_folder),
        impressions(options.data_folder),
        live(catalog, options.data_folder),
        filters(catalog, options.data_folder) {}

  Catalog catalog;
  jobs::JobQueue& jobs;
  const wire::Dispatcher& dispatcher;  // for calls to other services
  const Clock& clock;
  Options options;
  Deployments deployments;
  Impressions impressions;
  LiveData live;
  FilterCache filters;
};

// For a job's failure that could not be written on its resource: logs both reasons, unless the
// resource is gone.
template <typename T>
void ReportLostFailure(const Result<Stored<T>>& written, const jobs::JobSpec& spec,
                       const Error& reason) {
  if (written || written.error().code == ErrorCode::kNotFound) return;
  Log(LogLevel::kError, "a job's failure could not be recorded",
      {{"job", spec.type},
       {"subject", spec.subject},
       {"reason", reason.message},
       {"error", written.error().message}});
}

// Removes the files that a crash left behind and no resource names. To be called once, before jobs
// start. Errors: internal; corrupt.
Result<void> RemoveLeftovers(const Service& service);

// Adds every operation and job type of the service. `service` must outlive both.
void Register(wire::Dispatcher& dispatcher, jobs::JobRunner& runner, Service& service);

}  // namespace usher::personalize
