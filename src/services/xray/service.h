// AWS X-Ray: traces, kept and looked at.
//
// Segments come to the store by the recorder alone (tracing/recorder.h), whoever sends them: this
// server's own dispatcher and functions, PutTraceSegments, the daemon's port (daemon.h). Whoever
// asks sees all that was recorded before. Traces of all regions lie together.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "services/xray/sampling.h"
#include "services/xray/trace_store.h"
#include "storage/document_store.h"
#include "tracing/recorder.h"
#include "wire/dispatcher.h"

namespace usher::xray {

class Service {
 public:
  // Puts itself behind `recorder`, which has not been started. All that is given must outlive it;
  // the recorder must be stopped before it ends. Errors: corrupt; internal.
  static Result<std::unique_ptr<Service>> Open(const std::string& folder,
                                               storage::DocumentStore& documents,
                                               tracing::Recorder& recorder, const Clock& clock);

  // Until all is in the store that was recorded before.
  void Settle() {
    recorder.Flush();
    store->WaitUntilRead();
  }

  storage::DocumentStore& documents;
  tracing::Recorder& recorder;
  const Clock& clock;
  std::unique_ptr<TraceStore> store;
  SamplingRules sampling;

 private:
  Service(storage::DocumentStore& given_documents, tracing::Recorder& given_recorder,
          const Clock& given_clock, std::unique_ptr<TraceStore> given_store);
};

// Adds every operation of the service.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::xray
