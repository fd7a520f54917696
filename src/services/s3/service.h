// Amazon S3 over an object store.
#pragma once

#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

// Registers every operation that is built; the store must outlive the dispatcher.
void Register(wire::Dispatcher& dispatcher, storage::ObjectStore& store);

}  // namespace usher::s3
