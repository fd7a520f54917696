// lambda: an asynchronous invocation, with the function's own retries behind it.
#include "services/sns/delivery.h"

namespace usher::sns {

Result<void> SendToFunction(const Parcel& parcel, Service& service) {
  auto event = LambdaEvent(parcel.message, parcel.subscription, parcel.topic, service.signer);
  if (!event) return event.error();
  const wire::Service* lambda = wire::FindService("lambda");
  const wire::Operation* invoke = lambda ? wire::FindOperation(*lambda, "Invoke") : nullptr;
  if (!invoke) return Unsupported("Lambda Invoke is not supported by Usher");
  ValueMap request;
  request.Append("FunctionName", parcel.subscription.endpoint);
  request.Append("InvocationType", "Event");
  request.Append("Payload", Blob{*std::move(event)});
  wire::CallContext context;
  context.now = service.clock.Now();
  const auto invoked = service.dispatcher.Call(*invoke, Value(std::move(request)), context);
  if (!invoked) return invoked.error();
  return {};
}

}  // namespace usher::sns
