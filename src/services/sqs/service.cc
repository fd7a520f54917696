#include "services/sqs/service.h"

#include "services/sqs/errors.h"
#include "services/sqs/operations.h"

namespace usher::sqs {
namespace {

template <typename Op, typename F>
void Add(wire::Dispatcher& dispatcher, Service& service, F operation) {
  dispatcher.Handle<Op>([operation, &service](const typename Op::Request& request,
                                              wire::CallContext& context) {
    auto answer = operation(request, service, context);
    if (!answer && !answer.error().wire_name.empty()) {
      context.response_headers.Set("x-amzn-query-error", QueryNameOf(answer.error()) + ";Sender");
    }
    return answer;
  });
}

}  // namespace

std::string Service::UrlOf(std::string_view name, const wire::CallContext& context) const {
  return (context.endpoint.empty() ? endpoint_ : context.endpoint) + "/" +
         std::string(wire::kAccountId) + "/" + std::string(name);
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  Add<api::CreateQueue>(dispatcher, service, CreateQueue);
  Add<api::DeleteQueue>(dispatcher, service, DeleteQueue);
  Add<api::GetQueueUrl>(dispatcher, service, GetQueueUrl);
  Add<api::ListQueues>(dispatcher, service, ListQueues);
  Add<api::PurgeQueue>(dispatcher, service, PurgeQueue);
  Add<api::GetQueueAttributes>(dispatcher, service, GetQueueAttributes);
  Add<api::SetQueueAttributes>(dispatcher, service, SetQueueAttributes);
  Add<api::TagQueue>(dispatcher, service, TagQueue);
  Add<api::UntagQueue>(dispatcher, service, UntagQueue);
  Add<api::ListQueueTags>(dispatcher, service, ListQueueTags);
  Add<api::SendMessage>(dispatcher, service, SendMessage);
  Add<api::SendMessageBatch>(dispatcher, service, SendMessageBatch);
  Add<api::ReceiveMessage>(dispatcher, service, ReceiveMessage);
  Add<api::DeleteMessage>(dispatcher, service, DeleteMessage);
  Add<api::DeleteMessageBatch>(dispatcher, service, DeleteMessageBatch);
  Add<api::ChangeMessageVisibility>(dispatcher, service, ChangeMessageVisibility);
  Add<api::ChangeMessageVisibilityBatch>(dispatcher, service, ChangeMessageVisibilityBatch);
}

}  // namespace usher::sqs
