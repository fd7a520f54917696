// How one message gets to one subscription: what all protocols share.
//
// A receiver that fails in a way that may pass is tried again, first after `first`, then after
// twice as long each time up to `longest`, until the message is older than `age`. What fails for
// good, or is too old, goes to the subscription's dead-letter queue where it has one, and is told
// in the server's log and in the log group sns/REGION/ACCOUNT/TOPIC. Nothing ends otherwise but
// with its subscription.
#pragma once

#include <chrono>
#include <functional>

#include "jobs/delivery_queue.h"
#include "services/sns/message.h"
#include "services/sns/service.h"

namespace usher::sns {

struct RetryPolicy {
  std::chrono::milliseconds first;
  std::chrono::milliseconds longest;
  std::chrono::hours age;
};

inline constexpr RetryPolicy kMailRetries{std::chrono::seconds(1), std::chrono::minutes(15),
                                          std::chrono::hours(72)};
inline constexpr RetryPolicy kHttpRetries{std::chrono::seconds(1), std::chrono::minutes(5),
                                          std::chrono::hours(1)};
inline constexpr RetryPolicy kInternalRetries{std::chrono::seconds(1), std::chrono::minutes(5),
                                              std::chrono::hours(24)};

// What a sender is given.
struct Parcel {
  std::string delivery_id;  // the same at every attempt
  Message message;
  Subscription subscription;
  Topic topic;
};

// Errors: invalid input, not found, access denied and unsupported are for good; all others pass.
using Sender = std::function<Result<void>(const Parcel& parcel)>;

jobs::Outcome Deliver(Service& service, const jobs::Delivery& delivery, const RetryPolicy& policy,
                      const jobs::StopToken& stop, const Sender& send);

// The waiting time after the attempt with this number, from 1.
[[nodiscard]] std::chrono::milliseconds WaitAfter(int attempt, const RetryPolicy& policy);

// The senders, a file each.
Result<void> SendMail(const Parcel& parcel, Service& service);
Result<void> SendHttp(const Parcel& parcel, Service& service);
Result<void> SendToFunction(const Parcel& parcel, Service& service);
Result<void> SendToQueue(const Parcel& parcel, Service& service);

// Puts a text into the queue of this ARN. Errors: as the queue's service gives them.
Result<void> SendToQueue(const Service& service, std::string_view queue_arn, std::string text,
                         const std::map<std::string, MessageAttribute>& attributes);

}  // namespace usher::sns
