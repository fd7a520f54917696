// Amazon API Gateway, REST APIs (v1): the control plane as operations, and the serving of stages.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "log_events/log_writer.h"
#include "outbound/http_client.h"
#include "services/apigateway/backend.h"
#include "services/apigateway/catalog.h"
#include "services/apigateway/keys_in_use.h"
#include "services/apigateway/stages_in_use.h"
#include "services/apigateway/throttle.h"
#include "services/apigateway/usage.h"
#include "storage/document_store.h"
#include "wire/credentials.h"
#include "wire/dispatcher.h"

namespace usher::apigateway {

struct Service {
  // Everything given must outlive the service.
  Service(storage::DocumentStore& documents, wire::Dispatcher& door,
          const wire::Credentials& keys_of, outbound::HttpClient& client, const Clock& time)
      : dispatcher(door),
        credentials(keys_of),
        http(client),
        clock(time),
        catalog(documents),
        stages(catalog),
        keys(catalog),
        usage(documents),
        logs(door),
        functions(door, time) {}

  // Once every service is registered. Errors: internal.
  Result<void> Start();
  // After the last request: waits for functions that outlasted theirs, hands over what waits.
  void Stop();

  wire::Dispatcher& dispatcher;
  const wire::Credentials& credentials;
  outbound::HttpClient& http;
  const Clock& clock;
  Catalog catalog;
  StagesInUse stages;
  KeysInUse keys;
  Usage usage;
  Throttle throttle;
  log_events::LogWriter logs;
  FunctionCaller functions;
};

// Adds every operation of the service.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::apigateway
