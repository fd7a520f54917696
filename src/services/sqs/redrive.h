// Dead-letter queues: where a message goes that has been received too often.
//
// Source: SQS API Reference, SetQueueAttributes (RedrivePolicy, RedriveAllowPolicy).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/sqs/queues.h"

namespace usher::sqs {

struct Redrive {
  std::string target;              // the dead-letter queue's name
  std::int64_t max_receives = 10;  // received more often than this, a message goes there
};

// The form of both policies as attributes; an empty text takes one away.
// Errors: InvalidParameterValue, saying what is wrong.
Result<void> CheckRedriveForm(std::string_view attribute, std::string_view policy);

// What a queue's attributes say; nullopt without a policy.
[[nodiscard]] std::optional<Redrive> RedriveOf(const Texts& attributes);

// Whether the dead-letter queue that `attributes` name is there and lets this queue use it.
// Errors: InvalidParameterValue.
Result<void> CheckRedriveTarget(const QueueDocument& source, const Texts& attributes,
                                Queues& queues);

// Moves those that have been received too often, and leaves the others in `taken`. One whose
// dead-letter queue is gone stays. True when one was moved.
Result<bool> MoveDeadLetters(Queue& source, std::vector<Received>& taken, Queues& queues);

}  // namespace usher::sqs
