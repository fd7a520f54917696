// Operations SendMessage and SendMessageBatch.
#include "services/sqs/batch.h"
#include "services/sqs/errors.h"
#include "services/sqs/message.h"
#include "services/sqs/operations.h"

namespace usher::sqs {
namespace {

constexpr std::int64_t kMaxDelaySeconds = 900;
constexpr std::string_view kTraceHeader = "AWSTraceHeader";

// Of SendMessage, or an entry of SendMessageBatch. Errors: invalid input.
template <typename Request>
Result<Message> MakeMessage(const Request& request, Queue& queue, Time now) {
  if (request.message_group_id || request.message_deduplication_id) {
    // Standard queues may carry a group, which orders nothing in them.
    if (request.message_deduplication_id) {
      return InvalidValue(
          "MessageDeduplicationId is for FIFO queues, which are not supported by "
          "Usher.");
    }
  }
  Message message{.body = request.message_body,
                  .attributes = request.message_attributes.value_or(Attributes()),
                  .sent = now};
  if (request.message_system_attributes) {
    for (const auto& [name, value] : *request.message_system_attributes) {
      if (name != kTraceHeader || !value.string_value) {
        return InvalidValue("Message system attribute name '" + name +
                            "' is invalid; AWSTraceHeader with a string can be set.");
      }
      message.trace_header = *value.string_value;
    }
  }
  if (const auto valid = CheckMessage(message); !valid) return valid.error();

  std::int64_t delay = 0;
  std::int64_t most = 0;
  {
    const std::scoped_lock lock(queue.mutex);
    delay = request.delay_seconds.value_or(queue.Number("DelaySeconds"));
    most = queue.Number("MaximumMessageSize");
  }
  if (delay < 0 || delay > kMaxDelaySeconds) {
    return InvalidValue("Value " + std::to_string(delay) +
                        " for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 "
                        "and <= 900.");
  }
  if (SizeOf(message) > static_cast<std::size_t>(most)) {
    return InvalidValue(
        "One or more parameters are invalid. Reason: Message must be shorter than " +
        std::to_string(most) + " bytes.");
  }
  message.visible = now + std::chrono::seconds(delay);
  return message;
}

}  // namespace

// Durable when it returns. Errors: QueueDoesNotExist, invalid input.
Answer<api::SendMessage> SendMessage(const api::SendMessageRequest& request, Service& service,
                                     wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  auto message = MakeMessage(request, **queue, service.queues().Now());
  if (!message) return message.error();
  api::SendMessageResult result{.md5_of_message_body = Md5Of(message->body)};
  if (!message->attributes.empty()) result.md5_of_message_attributes = Md5Of(message->attributes);
  if (!message->trace_header.empty()) {
    result.md5_of_message_system_attributes =
        Md5Of(Attributes{{std::string(kTraceHeader),
                          {.string_value = message->trace_header, .data_type = "String"}}});
  }
  auto sent = service.queues().Send(**queue, {*std::move(message)});
  if (!sent) return sent.error();
  result.message_id = sent->front();
  return result;
}

// All that is successful is durable when it returns. Errors: QueueDoesNotExist, those of the batch
// as a whole; those of an entry are told beside it.
Answer<api::SendMessageBatch> SendMessageBatch(const api::SendMessageBatchRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  if (const auto valid = CheckBatch(request.entries); !valid) return valid.error();
  api::SendMessageBatchResult result;
  std::vector<Message> messages;
  std::size_t size = 0;
  for (const auto& entry : request.entries) {
    auto message = MakeMessage(entry, **queue, service.queues().Now());
    if (!message) {
      result.failed.push_back(FailedEntry<api::BatchResultErrorEntry>(entry.id, message.error()));
      continue;
    }
    size += SizeOf(*message);
    api::SendMessageBatchResultEntry told{.id = entry.id,
                                          .md5_of_message_body = Md5Of(message->body)};
    if (!message->attributes.empty()) told.md5_of_message_attributes = Md5Of(message->attributes);
    result.successful.push_back(std::move(told));
    messages.push_back(*std::move(message));
  }
  if (size > kMaxMessageBytes) {
    return Named("BatchRequestTooLong", ErrorCode::kInvalidInput,
                 "Batch requests cannot be longer than " + std::to_string(kMaxMessageBytes) +
                     " bytes. You have sent " + std::to_string(size) + " bytes.",
                 400);
  }
  if (messages.empty()) return result;
  auto sent = service.queues().Send(**queue, messages);
  if (!sent) return sent.error();
  for (std::size_t i = 0; i < sent->size(); ++i) result.successful[i].message_id = (*sent)[i];
  return result;
}

}  // namespace usher::sqs
