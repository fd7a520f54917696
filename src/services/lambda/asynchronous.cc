#include "services/lambda/asynchronous.h"

#include <algorithm>

#include "base/log.h"
#include "base/random.h"
#include "json/json.h"
#include "services/lambda/destinations.h"
#include "wire/convert.h"

namespace usher::lambda {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kDefaultRetries = 2;
constexpr seconds kDefaultMaxAge{21'600};
constexpr std::chrono::milliseconds kPatience{2000};  // for a place, before it is put back
constexpr seconds kMinPause{1};                       // before it looks for a place again …
constexpr seconds kMaxPause{60};                      // … which grows with its age up to this

double Dice() {
  unsigned char bytes[4];
  SecureRandom(bytes);
  std::uint32_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8 | byte;
  return number / 4294967296.0;
}

// The end of an invocation, with what is to be sent about it.
jobs::Outcome End(const AsynchronousEvent& event, const Target& target, std::string_view condition,
                  const jobs::Delivery& delivery, const InvocationResult* result,
                  Service& service) {
  storage::Batch batch;
  SendToDestination({.event = event,
                     .target = target,
                     .condition = condition,
                     .attempts = delivery.attempt,
                     .result = result},
                    service, batch);
  return jobs::Outcome::Done(std::move(batch));
}

}  // namespace

std::string Write(const AsynchronousEvent& event) {
  ValueMap map;
  map.Append("requestId", event.request_id);
  map.Append("function", event.function);
  map.Append("qualifier", event.qualifier);
  map.Append("region", event.region);
  map.Append("payload", event.payload);
  map.Append("clientContext", event.client_context);
  map.Append("traceRoot", event.trace.root);
  map.Append("traceParent", event.trace.parent);
  map.Append("sampled", event.trace.sampled);
  map.Append("depth", event.trace.depth);
  return json::Write(map);
}

Result<AsynchronousEvent> ReadAsynchronousEvent(std::string_view text) {
  const auto value = json::Parse(text);
  if (!value) return Corrupt("an asynchronous invocation is damaged");
  AsynchronousEvent event;
  wire::ReadMember(*value, "requestId", event.request_id);
  wire::ReadMember(*value, "function", event.function);
  wire::ReadMember(*value, "qualifier", event.qualifier);
  wire::ReadMember(*value, "region", event.region);
  wire::ReadMember(*value, "payload", event.payload);
  wire::ReadMember(*value, "clientContext", event.client_context);
  wire::ReadMember(*value, "traceRoot", event.trace.root);
  wire::ReadMember(*value, "traceParent", event.trace.parent);
  wire::ReadMember(*value, "sampled", event.trace.sampled);
  std::int64_t depth = 0;
  wire::ReadMember(*value, "depth", depth);
  event.trace.depth = static_cast<int>(depth);
  return event;
}

Result<void> Accept(const AsynchronousEvent& event, Service& service) {
  storage::Batch batch;
  service.deliveries.Enqueue(batch, kAsynchronousLane,
                             {.key = event.function, .payload = Write(event)});
  if (const auto committed = service.store.Commit(batch); !committed) return committed.error();
  service.deliveries.Wake();
  return {};
}

void AddAsynchronousLane(Service& service) {
  service.deliveries.AddLane(
      {.name = std::string(kAsynchronousLane),
       .deliver = [&service](
                      const jobs::Delivery& delivery,
                      const jobs::StopToken& stop) { return Attempt(delivery, stop, service); },
       .at_once = kAsynchronousThreads,
       .at_once_per_key = kAsynchronousPerFunction});
}

jobs::Outcome Attempt(const jobs::Delivery& delivery, const jobs::StopToken& stop,
                      Service& service) {
  const auto event = ReadAsynchronousEvent(delivery.payload);
  if (!event) {
    Log(LogLevel::kError, "an asynchronous invocation cannot be read and is dropped",
        {{"function", delivery.key}, {"delivery", delivery.id}});
    return jobs::Outcome::Done();
  }
  const auto target = service.catalog.Resolve(
      event->region, {.name = event->function, .qualifier = event->qualifier}, Dice());
  if (!target) {
    if (target.error().code != ErrorCode::kNotFound) {
      return jobs::Outcome::Later(service.clock.Now() + kMaxPause);
    }
    Log(LogLevel::kWarning, "an asynchronous invocation is dropped: its function has gone",
        {{"function", event->function}, {"request_id", event->request_id}});
    return jobs::Outcome::Done();
  }
  const api::FunctionEventInvokeConfig& config = (*target)->event_config;
  const auto age = service.clock.Now() - delivery.accepted;
  const seconds max_age(config.maximum_event_age_in_seconds.value_or(kDefaultMaxAge.count()));
  if (age > max_age) {
    Log(LogLevel::kWarning, "an asynchronous invocation has waited too long",
        {{"function", event->function}, {"request_id", event->request_id}});
    return End(*event, **target, "EventAgeExceeded", delivery, nullptr, service);
  }

  const auto result = service.executor.Run(**target, {.request_id = event->request_id,
                                                      .payload = event->payload,
                                                      .qualifier = event->qualifier,
                                                      .region = event->region,
                                                      .trace = event->trace,
                                                      .client_context = event->client_context,
                                                      .patience = kPatience,
                                                      .stop = &stop});
  const Time now = service.clock.Now();
  if (!result) {
    if (result.error().code == ErrorCode::kCancelled) return jobs::Outcome::Interrupted();
    // No room: it waits, longer the longer it has waited.
    const auto pause = std::clamp<std::chrono::milliseconds>(age / 4, kMinPause, kMaxPause);
    return jobs::Outcome::Later(now + pause);
  }
  if (result->kind == InvocationResult::Kind::kResponse) {
    return End(*event, **target, "Success", delivery, &*result, service);
  }
  if (delivery.attempt > config.maximum_retry_attempts.value_or(kDefaultRetries)) {
    return End(*event, **target, "RetriesExhausted", delivery, &*result, service);
  }
  return jobs::Outcome::Again(now + (delivery.attempt == 1 ? kFirstRetry : kSecondRetry));
}

}  // namespace usher::lambda
