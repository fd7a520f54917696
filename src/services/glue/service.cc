#include "services/glue/service.h"

#include "services/glue/operations.h"
#include "services/glue/run_command.h"
#include "services/glue/runner.h"

namespace usher::glue {

Service::Service(Options given, storage::DocumentStore& documents, jobs::DeliveryQueue& queue,
                 const wire::Dispatcher& door, wire::TemporaryCredentials& keys, const Clock& time)
    : options(std::move(given)),
      store(documents),
      deliveries(queue),
      dispatcher(door),
      credentials(keys),
      clock(time),
      catalog(documents),
      logs(door),
      spark_places(kSparkRunsAtOnce) {}

Result<std::unique_ptr<Service>> Service::Open(Options options, storage::DocumentStore& store,
                                               jobs::DeliveryQueue& deliveries,
                                               const wire::Dispatcher& dispatcher,
                                               wire::TemporaryCredentials& credentials,
                                               const Clock& clock) {
  ClearRunFolders(options.data_folder);
  return std::unique_ptr<Service>(
      new Service(std::move(options), store, deliveries, dispatcher, credentials, clock));
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  const auto add = [&]<typename Op>(auto function, Op* /*tag*/) {
    dispatcher.Handle<Op>(
        [&service, function](const typename Op::Request& request, wire::CallContext& context) {
          return function(request, service, context);
        });
  };
  add(BatchGetJobs, static_cast<api::BatchGetJobs*>(nullptr));
  add(BatchStopJobRun, static_cast<api::BatchStopJobRun*>(nullptr));
  add(CreateJob, static_cast<api::CreateJob*>(nullptr));
  add(DeleteJob, static_cast<api::DeleteJob*>(nullptr));
  add(GetJob, static_cast<api::GetJob*>(nullptr));
  add(GetJobBookmark, static_cast<api::GetJobBookmark*>(nullptr));
  add(GetJobRun, static_cast<api::GetJobRun*>(nullptr));
  add(GetJobRuns, static_cast<api::GetJobRuns*>(nullptr));
  add(GetJobs, static_cast<api::GetJobs*>(nullptr));
  add(GetTags, static_cast<api::GetTags*>(nullptr));
  add(ListJobs, static_cast<api::ListJobs*>(nullptr));
  add(ResetJobBookmark, static_cast<api::ResetJobBookmark*>(nullptr));
  add(StartJobRun, static_cast<api::StartJobRun*>(nullptr));
  add(TagResource, static_cast<api::TagResource*>(nullptr));
  add(UntagResource, static_cast<api::UntagResource*>(nullptr));
  add(UpdateJob, static_cast<api::UpdateJob*>(nullptr));
  AddRunLane(service);
}

}  // namespace usher::glue
