// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/sqs/service.h"
#include "wire/dispatcher.h"
#include "wire/sqs.h"

namespace usher::sqs {

template <typename Op>
using Answer = Result<typename Op::Response>;

// queue_operations.cc
Answer<api::CreateQueue> CreateQueue(const api::CreateQueueRequest& request, Service& service,
                                     wire::CallContext& context);
Answer<api::DeleteQueue> DeleteQueue(const api::DeleteQueueRequest& request, Service& service,
                                     wire::CallContext& context);
Answer<api::GetQueueUrl> GetQueueUrl(const api::GetQueueUrlRequest& request, Service& service,
                                     wire::CallContext& context);
Answer<api::ListQueues> ListQueues(const api::ListQueuesRequest& request, Service& service,
                                   wire::CallContext& context);
Answer<api::PurgeQueue> PurgeQueue(const api::PurgeQueueRequest& request, Service& service,
                                   wire::CallContext& context);

// queue_attributes.cc
Answer<api::GetQueueAttributes> GetQueueAttributes(const api::GetQueueAttributesRequest& request,
                                                   Service& service, wire::CallContext& context);
Answer<api::SetQueueAttributes> SetQueueAttributes(const api::SetQueueAttributesRequest& request,
                                                   Service& service, wire::CallContext& context);
Answer<api::TagQueue> TagQueue(const api::TagQueueRequest& request, Service& service,
                               wire::CallContext& context);
Answer<api::UntagQueue> UntagQueue(const api::UntagQueueRequest& request, Service& service,
                                   wire::CallContext& context);
Answer<api::ListQueueTags> ListQueueTags(const api::ListQueueTagsRequest& request, Service& service,
                                         wire::CallContext& context);

// send_message.cc
Answer<api::SendMessage> SendMessage(const api::SendMessageRequest& request, Service& service,
                                     wire::CallContext& context);
Answer<api::SendMessageBatch> SendMessageBatch(const api::SendMessageBatchRequest& request,
                                               Service& service, wire::CallContext& context);

// receive_message.cc
Answer<api::ReceiveMessage> ReceiveMessage(const api::ReceiveMessageRequest& request,
                                           Service& service, wire::CallContext& context);

// received.cc: what is done with a received message
Answer<api::DeleteMessage> DeleteMessage(const api::DeleteMessageRequest& request, Service& service,
                                         wire::CallContext& context);
Answer<api::DeleteMessageBatch> DeleteMessageBatch(const api::DeleteMessageBatchRequest& request,
                                                   Service& service, wire::CallContext& context);
Answer<api::ChangeMessageVisibility> ChangeMessageVisibility(
    const api::ChangeMessageVisibilityRequest& request, Service& service,
    wire::CallContext& context);
Answer<api::ChangeMessageVisibilityBatch> ChangeMessageVisibilityBatch(
    const api::ChangeMessageVisibilityBatchRequest& request, Service& service,
    wire::CallContext& context);

}  // namespace usher::sqs
