// CloudFormation: stacks of resources made from a template, in order and side by side.
//
// An operation on a stack commits what is wanted together with a delivery (jobs/delivery_queue.h,
// lane "cloudformation/stacks") that carries it out (stack_run.h). Each step is committed before
// and after, so that a server that is killed goes on where it was. Resources are made by calls
// through the dispatcher alone (resources/).
#pragma once

#include "base/clock.h"
#include "jobs/delivery_queue.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::cloudformation {

// What operations and runs share. Everything must outlive the dispatcher's use and the queue.
struct Service {
  storage::DocumentStore& documents;
  jobs::DeliveryQueue& queue;
  const wire::Dispatcher& dispatcher;
  const Clock& clock;
};

inline constexpr char kLane[] = "cloudformation/stacks";

// Adds every operation of the service to `dispatcher` and its lane to the queue.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::cloudformation
