// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/sns/service.h"
#include "wire/dispatcher.h"
#include "wire/sns.h"

namespace usher::sns {

namespace api = usher::api::sns;

// topics.cc
Result<api::CreateTopicResponse> CreateTopic(const api::CreateTopicInput& request, Service& service,
                                             wire::CallContext& context);
Result<api::DeleteTopicResponse> DeleteTopic(const api::DeleteTopicInput& request, Service& service,
                                             wire::CallContext& context);
Result<api::ListTopicsResponse> ListTopics(const api::ListTopicsInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::GetTopicAttributesResponse> GetTopicAttributes(
    const api::GetTopicAttributesInput& request, Service& service, wire::CallContext& context);
Result<api::SetTopicAttributesResponse> SetTopicAttributes(
    const api::SetTopicAttributesInput& request, Service& service, wire::CallContext& context);

// tags.cc
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::ListTagsForResourceResponse> ListTagsForResource(
    const api::ListTagsForResourceRequest& request, Service& service, wire::CallContext& context);

// subscribe.cc
Result<api::SubscribeResponse> Subscribe(const api::SubscribeInput& request, Service& service,
                                         wire::CallContext& context);
Result<api::ConfirmSubscriptionResponse> ConfirmSubscription(
    const api::ConfirmSubscriptionInput& request, Service& service, wire::CallContext& context);
Result<api::UnsubscribeResponse> Unsubscribe(const api::UnsubscribeInput& request, Service& service,
                                             wire::CallContext& context);

// subscriptions.cc
Result<api::ListSubscriptionsResponse> ListSubscriptions(const api::ListSubscriptionsInput& request,
                                                         Service& service,
                                                         wire::CallContext& context);
Result<api::ListSubscriptionsByTopicResponse> ListSubscriptionsByTopic(
    const api::ListSubscriptionsByTopicInput& request, Service& service,
    wire::CallContext& context);
Result<api::GetSubscriptionAttributesResponse> GetSubscriptionAttributes(
    const api::GetSubscriptionAttributesInput& request, Service& service,
    wire::CallContext& context);
Result<api::SetSubscriptionAttributesResponse> SetSubscriptionAttributes(
    const api::SetSubscriptionAttributesInput& request, Service& service,
    wire::CallContext& context);

// publish.cc
Result<api::PublishResponse> Publish(const api::PublishInput& request, Service& service,
                                     wire::CallContext& context);
Result<api::PublishBatchResponse> PublishBatch(const api::PublishBatchInput& request,
                                               Service& service, wire::CallContext& context);

}  // namespace usher::sns
