// IAM as far as the workflow calls it: roles with their inline and attached policies, kept, given
// back and removed. Nothing is enforced by them.
#pragma once

#include "base/clock.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::iam {

// Adds every operation of the service. `store` and `clock` must outlive the dispatcher's use.
void Register(wire::Dispatcher& dispatcher, storage::DocumentStore& store, const Clock& clock);

}  // namespace usher::iam
