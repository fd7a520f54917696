// AWS Step Functions: state machines in the Amazon States Language, carried out durably.
//
// A definition is checked once into an immutable machine (language/); an interpreter moves an
// execution from state to state as a pure function (interpreter.h); the driver commits each
// transition and calls what tasks name (driver.h). Other services are reached through the
// dispatcher alone.
#pragma once

#include "base/clock.h"
#include "jobs/delivery_queue.h"
#include "services/states/driver.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::states {

inline constexpr double kMaxTimeScale = 100'000;

struct Options {
  double time_scale = 1;  // Wait states run so many times faster; 1 to kMaxTimeScale
};

// What the operations share. Everything given must outlive it and the queue.
struct Service {
  Service(storage::DocumentStore& documents, jobs::DeliveryQueue& deliveries,
          const wire::Dispatcher& dispatcher, const Clock& time, Options options)
      : driver(documents, deliveries, dispatcher, time, options.time_scale), clock(time) {}

  Driver driver;
  const Clock& clock;

  [[nodiscard]] Store& store() { return driver.store(); }
};

// Adds every operation of the service and its lanes of deliveries.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::states
