// Amazon S3 over an object store.
#pragma once

#include "services/s3/object_events.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

// Registers every operation that is built; store and events must outlive the dispatcher.
void Register(wire::Dispatcher& dispatcher, storage::ObjectStore& store, ObjectEvents& events);

}  // namespace usher::s3
