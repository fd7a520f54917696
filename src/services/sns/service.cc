#include "services/sns/service.h"

#include "services/sns/delivery.h"
#include "services/sns/operations.h"

namespace usher::sns {
namespace {

// Deliveries that run side by side, and how many of them one subscription may take.
constexpr int kMailsAtOnce = 4;
constexpr int kPostsAtOnce = 8;
constexpr int kPostsAtOncePerKey = 2;
constexpr int kInternalAtOnce = 4;

template <typename Op, typename F>
void Add(wire::Dispatcher& dispatcher, Service& service, F operation) {
  dispatcher.Handle<Op>(
      [operation, &service](const typename Op::Request& request, wire::CallContext& context) {
        return operation(request, service, context);
      });
}

void AddLane(Service& service, std::string name, int at_once, int at_once_per_key,
             const RetryPolicy& policy, Result<void> (*send)(const Parcel&, Service&)) {
  service.queue.AddLane(
      {.name = std::move(name),
       .deliver =
           [&service, &policy, send](const jobs::Delivery& delivery, const jobs::StopToken& stop) {
             return Deliver(service, delivery, policy, stop,
                            [&](const Parcel& parcel) { return send(parcel, service); });
           },
       .at_once = at_once,
       .at_once_per_key = at_once_per_key});
}

}  // namespace

void Register(wire::Dispatcher& dispatcher, Service& service) {
  Add<api::CreateTopic>(dispatcher, service, CreateTopic);
  Add<api::DeleteTopic>(dispatcher, service, DeleteTopic);
  Add<api::ListTopics>(dispatcher, service, ListTopics);
  Add<api::GetTopicAttributes>(dispatcher, service, GetTopicAttributes);
  Add<api::SetTopicAttributes>(dispatcher, service, SetTopicAttributes);
  Add<api::TagResource>(dispatcher, service, TagResource);
  Add<api::UntagResource>(dispatcher, service, UntagResource);
  Add<api::ListTagsForResource>(dispatcher, service, ListTagsForResource);
  Add<api::Subscribe>(dispatcher, service, Subscribe);
  Add<api::ConfirmSubscription>(dispatcher, service, ConfirmSubscription);
  Add<api::Unsubscribe>(dispatcher, service, Unsubscribe);
  Add<api::ListSubscriptions>(dispatcher, service, ListSubscriptions);
  Add<api::ListSubscriptionsByTopic>(dispatcher, service, ListSubscriptionsByTopic);
  Add<api::GetSubscriptionAttributes>(dispatcher, service, GetSubscriptionAttributes);
  Add<api::SetSubscriptionAttributes>(dispatcher, service, SetSubscriptionAttributes);
  Add<api::Publish>(dispatcher, service, Publish);
  Add<api::PublishBatch>(dispatcher, service, PublishBatch);

  AddLane(service, "sns/mail", kMailsAtOnce, 0, kMailRetries, SendMail);
  AddLane(service, "sns/http", kPostsAtOnce, kPostsAtOncePerKey, kHttpRetries, SendHttp);
  AddLane(service, "sns/lambda", kInternalAtOnce, 0, kInternalRetries, SendToFunction);
  AddLane(service, "sns/sqs", kInternalAtOnce, 0, kInternalRetries,
          static_cast<Result<void> (*)(const Parcel&, Service&)>(SendToQueue));
}

}  // namespace usher::sns
