#include "services/xray/service.h"

#include <array>

#include "base/random.h"
#include "services/xray/operations.h"

namespace usher::xray {
namespace {

std::uint64_t Seed() {
  std::array<unsigned char, 8> bytes;
  SecureRandom(bytes);
  std::uint64_t seed = 0;
  for (const unsigned char byte : bytes) seed = seed << 8 | byte;
  return seed;
}

}  // namespace

Service::Service(storage::DocumentStore& given_documents, tracing::Recorder& given_recorder,
                 const Clock& given_clock, std::unique_ptr<TraceStore> given_store)
    : documents(given_documents),
      recorder(given_recorder),
      clock(given_clock),
      store(std::move(given_store)),
      sampling(given_documents, given_clock, Seed()) {}

Result<std::unique_ptr<Service>> Service::Open(const std::string& folder,
                                               storage::DocumentStore& documents,
                                               tracing::Recorder& recorder, const Clock& clock) {
  auto store = TraceStore::Open(folder, clock);
  if (!store) return store.error();
  std::unique_ptr<Service> service(new Service(documents, recorder, clock, *std::move(store)));
  if (const auto loaded = service->sampling.Load(); !loaded) return loaded.error();
  recorder.AddSink(
      [raw = service.get()](std::span<const tracing::Finished> batch) { raw->store->Keep(batch); });
  recorder.SetSampler([raw = service.get()](const tracing::SamplingRequest& request) {
    return raw->sampling.Takes(request);
  });
  return service;
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  const auto add = [&]<typename Op>(auto operation, Op* /*tag*/) {
    dispatcher.Handle<Op>(
        [operation, &service](const typename Op::Request& request, wire::CallContext& context) {
          return operation(request, service, context);
        });
  };

  add(PutTraceSegments, static_cast<api::PutTraceSegments*>(nullptr));
  add(PutTelemetryRecords, static_cast<api::PutTelemetryRecords*>(nullptr));
  add(BatchGetTraces, static_cast<api::BatchGetTraces*>(nullptr));
  add(GetTraceSummaries, static_cast<api::GetTraceSummaries*>(nullptr));
  add(GetServiceGraph, static_cast<api::GetServiceGraph*>(nullptr));
  add(GetTraceGraph, static_cast<api::GetTraceGraph*>(nullptr));
  add(GetTimeSeriesServiceStatistics, static_cast<api::GetTimeSeriesServiceStatistics*>(nullptr));
  add(CreateSamplingRule, static_cast<api::CreateSamplingRule*>(nullptr));
  add(UpdateSamplingRule, static_cast<api::UpdateSamplingRule*>(nullptr));
  add(DeleteSamplingRule, static_cast<api::DeleteSamplingRule*>(nullptr));
  add(GetSamplingRules, static_cast<api::GetSamplingRules*>(nullptr));
  add(GetSamplingTargets, static_cast<api::GetSamplingTargets*>(nullptr));
  add(GetSamplingStatisticSummaries, static_cast<api::GetSamplingStatisticSummaries*>(nullptr));
  add(CreateGroup, static_cast<api::CreateGroup*>(nullptr));
  add(GetGroup, static_cast<api::GetGroup*>(nullptr));
  add(GetGroups, static_cast<api::GetGroups*>(nullptr));
  add(UpdateGroup, static_cast<api::UpdateGroup*>(nullptr));
  add(DeleteGroup, static_cast<api::DeleteGroup*>(nullptr));
  add(GetEncryptionConfig, static_cast<api::GetEncryptionConfig*>(nullptr));
  add(GetInsightSummaries, static_cast<api::GetInsightSummaries*>(nullptr));
}

}  // namespace usher::xray
