// Asynchronous invocations: accepted durably, run from a lane of deliveries, tried again when they
// fail, their results sent to destinations.
//
// An attempt that fails is repeated up to MaximumRetryAttempts times, after one minute, then two;
// every attempt has the request id of the first. Where there is no room for one it waits without
// counting, up to MaximumEventAgeInSeconds.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/delivery_queue.h"
#include "services/lambda/service.h"
#include "wire/dispatcher.h"

namespace usher::lambda {

inline constexpr std::string_view kAsynchronousLane = "lambda/async";
inline constexpr int kAsynchronousThreads = 32;
inline constexpr int kAsynchronousPerFunction = 16;  // of those, for one function
inline constexpr std::chrono::seconds kFirstRetry{60};
inline constexpr std::chrono::seconds kSecondRetry{120};

// What an asynchronous invocation is kept as.
struct AsynchronousEvent {
  std::string request_id;
  std::string function;
  std::string qualifier;  // as asked for; may be empty
  std::string region;
  std::string payload;  // JSON
  std::string client_context;
  wire::TraceContext trace;
};
[[nodiscard]] std::string Write(const AsynchronousEvent& event);
Result<AsynchronousEvent> ReadAsynchronousEvent(std::string_view text);

// Durable when it returns.
Result<void> Accept(const AsynchronousEvent& event, Service& service);
void AddAsynchronousLane(Service& service);
// One attempt; what the lane calls.
jobs::Outcome Attempt(const jobs::Delivery& delivery, const jobs::StopToken& stop,
                      Service& service);

}  // namespace usher::lambda
