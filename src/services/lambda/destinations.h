// Where the results of asynchronous invocations go: topics, queues, other functions. A record is a
// delivery of its own, committed in the same moment as the end of the invocation.
//
// Source:  AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
#pragma once

#include <string>
#include <string_view>

#include "services/lambda/asynchronous.h"
#include "services/lambda/service.h"

namespace usher::lambda {

inline constexpr std::string_view kDestinationLane = "lambda/destinations";

// Whether it is the ARN of something that records can be sent to.
[[nodiscard]] bool IsDestination(std::string_view arn);

struct InvocationEnd {
  const AsynchronousEvent& event;
  const Target& target;
  std::string_view condition;  // Success, RetriesExhausted, EventAgeExceeded
  int attempts = 1;
  const InvocationResult* result = nullptr;  // of the last attempt; nullptr when there was none
};
// The record, as destinations receive it.
[[nodiscard]] std::string RecordOf(const InvocationEnd& end, Time now);
// Adds the deliveries to the destination and to the dead-letter queue, where there are such.
void SendToDestination(const InvocationEnd& end, Service& service, storage::Batch& batch);
void AddDestinationLane(Service& service);

}  // namespace usher::lambda
