// Operation ReceiveMessage.
#include <algorithm>

#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/receipt.h"
#include "services/sqs/redrive.h"

namespace usher::sqs {
namespace {

constexpr std::int64_t kMaxMessages = 10;
constexpr std::int64_t kMaxWaitSeconds = 20;
constexpr std::int64_t kMaxVisibilitySeconds = 43'200;
// How long a poll sleeps at most before it looks whether the server stops, or its clock was set.
constexpr std::chrono::milliseconds kLongestSleep{200};

Error OutOfRange(std::string_view name, std::int64_t value, std::int64_t least, std::int64_t most) {
  return InvalidValue("Value " + std::to_string(value) + " for parameter " + std::string(name) +
                      " is invalid. Reason: Must be between " + std::to_string(least) + " and " +
                      std::to_string(most) + ", if provided.");
}

// One of the polls that may wait; none when there are too many.
class LongPoll {
 public:
  explicit LongPoll(std::atomic<int>& count) : count_(count), may_wait_(++count <= kMaxLongPolls) {}
  ~LongPoll() { --count_; }
  LongPoll(const LongPoll&) = delete;
  LongPoll& operator=(const LongPoll&) = delete;
  [[nodiscard]] bool may_wait() const { return may_wait_; }

 private:
  std::atomic<int>& count_;
  bool may_wait_;
};

struct Wanted {
  std::size_t limit;
  std::chrono::seconds visibility;
  std::chrono::steady_clock::time_point give_up;  // when there is still none
};

Result<Wanted> Read(const api::ReceiveMessageRequest& request, const Queue& queue) {
  const std::int64_t limit = request.max_number_of_messages.value_or(1);
  if (limit < 1 || limit > kMaxMessages) {
    return OutOfRange("MaxNumberOfMessages", limit, 1, kMaxMessages);
  }
  const std::int64_t wait =
      request.wait_time_seconds.value_or(queue.Number("ReceiveMessageWaitTimeSeconds"));
  if (wait < 0 || wait > kMaxWaitSeconds) {
    return OutOfRange("WaitTimeSeconds", wait, 0, kMaxWaitSeconds);
  }
  const std::int64_t visibility =
      request.visibility_timeout.value_or(queue.Number("VisibilityTimeout"));
  if (visibility < 0 || visibility > kMaxVisibilitySeconds) {
    return OutOfRange("VisibilityTimeout", visibility, 0, kMaxVisibilitySeconds);
  }
  return Wanted{.limit = static_cast<std::size_t>(limit),
                .visibility = std::chrono::seconds(visibility),
                .give_up = std::chrono::steady_clock::now() + std::chrono::seconds(wait)};
}

// Waits until there is one, the time is over, or the server stops.
Result<std::vector<Received>> Take(Queue& queue, const Wanted& wanted, Service& service) {
  const LongPoll poll(service.long_polls());
  std::unique_lock lock(queue.mutex);
  while (true) {
    if (queue.is_deleted) return NoSuchQueue();
    auto taken = queue.index.Take(service.queues().Now(), wanted.limit, wanted.visibility);
    const auto now = std::chrono::steady_clock::now();
    if (!taken.empty() || now >= wanted.give_up || !poll.may_wait() || service.is_stopping()) {
      return taken;
    }
    auto sleep = std::min<std::chrono::nanoseconds>(kLongestSleep, wanted.give_up - now);
    if (const auto next = queue.index.NextVisible()) {
      const auto until = std::max(*next - service.queues().Now(), std::chrono::milliseconds(1));
      sleep = std::min<std::chrono::nanoseconds>(sleep, until);
    }
    queue.changed.wait_for(lock, sleep);
  }
}

// Names as they are asked for: "All", ".*", "name", "prefix.*".
bool IsWanted(const std::vector<std::string>& wanted, std::string_view name) {
  return std::ranges::any_of(wanted, [&](std::string_view pattern) {
    if (pattern == "All" || pattern == ".*" || pattern == name) return true;
    return pattern.ends_with(".*") && name.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

std::map<std::string, std::string> SystemAttributes(const Received& received,
                                                    const Message& message,
                                                    const std::vector<std::string>& wanted) {
  std::map<std::string, std::string> attributes;
  const auto add = [&](const char* name, std::string value) {
    if (IsWanted(wanted, name)) attributes.emplace(name, std::move(value));
  };
  add("SenderId", std::string(wire::kAccountId));
  add("SentTimestamp", std::to_string(EpochMillis(received.sent)));
  add("ApproximateReceiveCount", std::to_string(received.count));
  add("ApproximateFirstReceiveTimestamp", std::to_string(EpochMillis(received.first_received)));
  if (!message.trace_header.empty()) add("AWSTraceHeader", message.trace_header);
  if (!message.dead_from.empty()) add("DeadLetterQueueSourceArn", message.dead_from);
  return attributes;
}

api::Message Shown(const Received& received, Message message,
                   const std::vector<std::string>& system_names,
                   const std::vector<std::string>& names) {
  api::Message shown{.message_id = received.id,
                     .receipt_handle = WriteReceipt(received.id),
                     .md5_of_body = Md5Of(message.body)};
  auto system = SystemAttributes(received, message, system_names);
  if (!system.empty()) shown.attributes = std::move(system);
  std::erase_if(message.attributes, [&](const auto& one) { return !IsWanted(names, one.first); });
  if (!message.attributes.empty()) {
    shown.md5_of_message_attributes = Md5Of(message.attributes);
    shown.message_attributes = std::move(message.attributes);
  }
  shown.body = std::move(message.body);
  return shown;
}

// Messages that have been kept as long as the queue keeps any.
Result<void> RemoveOld(Queue& queue, Service& service) {
  std::vector<std::string> old;
  {
    const std::scoped_lock lock(queue.mutex);
    const std::chrono::seconds kept(queue.Number("MessageRetentionPeriod"));
    old = queue.index.TakeSentBefore(service.queues().Now() - kept);
  }
  return service.queues().Remove(queue, old);
}

}  // namespace

// Errors: QueueDoesNotExist, invalid input.
Answer<api::ReceiveMessage> ReceiveMessage(const api::ReceiveMessageRequest& request,
                                           Service& service, wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  Result<Wanted> wanted = [&] {
    const std::scoped_lock lock((*queue)->mutex);
    return Read(request, **queue);
  }();
  if (!wanted) return wanted.error();
  if (const auto removed = RemoveOld(**queue, service); !removed) return removed.error();
  auto taken = Take(**queue, *wanted, service);
  while (taken) {
    const auto moved = MoveDeadLetters(**queue, *taken, service.queues());
    if (!moved) return moved.error();
    if (!*moved || !taken->empty()) break;
    taken = Take(**queue, *wanted, service);  // dead letters alone are no answer
  }
  if (!taken) return taken.error();

  std::vector<std::string> system_names =
      request.message_system_attribute_names.value_or(std::vector<std::string>());
  if (request.attribute_names) {
    system_names.insert(system_names.end(), request.attribute_names->begin(),
                        request.attribute_names->end());
  }
  const auto names = request.message_attribute_names.value_or(std::vector<std::string>());
  std::vector<api::Message> messages;
  for (const Received& one : *taken) {
    auto message = service.queues().Read(**queue, one.id);
    if (!message) return message.error();
    if (*message) messages.push_back(Shown(one, **std::move(message), system_names, names));
  }
  api::ReceiveMessageResult result;
  if (!messages.empty()) result.messages = std::move(messages);
  return result;
}

}  // namespace usher::sqs
