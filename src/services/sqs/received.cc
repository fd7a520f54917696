// Operations DeleteMessage, DeleteMessageBatch, ChangeMessageVisibility,
// ChangeMessageVisibilityBatch.
#include "services/sqs/batch.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/receipt.h"

namespace usher::sqs {
namespace {

constexpr std::int64_t kMaxVisibilitySeconds = 43'200;

Result<void> ChangeVisibility(Queue& queue, std::string_view handle, std::int64_t seconds,
                              Time now) {
  if (seconds < 0 || seconds > kMaxVisibilitySeconds) {
    return InvalidValue("Value " + std::to_string(seconds) +
                        " for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout "
                        "must be an integer between 0 and 43200.");
  }
  const auto id = ReadReceipt(handle);
  if (!id) return id.error();
  {
    const std::scoped_lock lock(queue.mutex);
    if (!queue.index.Has(*id)) {
      return InvalidValue("Value " + std::string(handle) +
                          " for parameter ReceiptHandle is invalid. Reason: Message does not exist "
                          "or is not available for visibility timeout change.");
    }
    if (!queue.index.Hide(*id, now, std::chrono::seconds(seconds))) {
      return Named("MessageNotInflight", ErrorCode::kInUse,
                   "The message is not in flight: its visibility timeout is over.", 400);
    }
  }
  if (seconds == 0) queue.changed.notify_all();
  return {};
}

}  // namespace

// Errors: QueueDoesNotExist, ReceiptHandleIsInvalid.
Answer<api::DeleteMessage> DeleteMessage(const api::DeleteMessageRequest& request, Service& service,
                                         wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  auto id = ReadReceipt(request.receipt_handle);
  if (!id) return id.error();
  const auto removed = service.queues().Remove(**queue, {*std::move(id)});
  if (!removed) return removed.error();
  return api::DeleteMessage::Response{};
}

// Errors: QueueDoesNotExist, those of the batch as a whole; those of an entry are told beside it.
Answer<api::DeleteMessageBatch> DeleteMessageBatch(const api::DeleteMessageBatchRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  if (const auto valid = CheckBatch(request.entries); !valid) return valid.error();
  api::DeleteMessageBatchResult result;
  std::vector<std::string> ids;
  for (const auto& entry : request.entries) {
    auto id = ReadReceipt(entry.receipt_handle);
    if (!id) {
      result.failed.push_back(FailedEntry<api::BatchResultErrorEntry>(entry.id, id.error()));
      continue;
    }
    ids.push_back(*std::move(id));
    result.successful.push_back({.id = entry.id});
  }
  if (const auto removed = service.queues().Remove(**queue, ids); !removed) return removed.error();
  return result;
}

// Errors: QueueDoesNotExist, ReceiptHandleIsInvalid, MessageNotInflight, invalid input.
Answer<api::ChangeMessageVisibility> ChangeMessageVisibility(
    const api::ChangeMessageVisibilityRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  const auto changed = ChangeVisibility(**queue, request.receipt_handle, request.visibility_timeout,
                                        service.queues().Now());
  if (!changed) return changed.error();
  return api::ChangeMessageVisibility::Response{};
}

// Errors: QueueDoesNotExist, those of the batch as a whole; those of an entry are told beside it.
Answer<api::ChangeMessageVisibilityBatch> ChangeMessageVisibilityBatch(
    const api::ChangeMessageVisibilityBatchRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  if (const auto valid = CheckBatch(request.entries); !valid) return valid.error();
  api::ChangeMessageVisibilityBatchResult result;
  for (const auto& entry : request.entries) {
    const auto changed =
        ChangeVisibility(**queue, entry.receipt_handle, entry.visibility_timeout.value_or(0),
                         service.queues().Now());
    if (changed) {
      result.successful.push_back({.id = entry.id});
    } else {
      result.failed.push_back(FailedEntry<api::BatchResultErrorEntry>(entry.id, changed.error()));
    }
  }
  return result;
}

}  // namespace usher::sqs
