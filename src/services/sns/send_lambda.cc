// lambda: an asynchronous invocation, with the function's own retries behind it.
#include "services/sns/delivery.h"
#include "wire/lambda.h"

namespace usher::sns {

Result<void> SendToFunction(const Parcel& parcel, Service& service) {
  auto event = LambdaEvent(parcel.message, parcel.subscription, parcel.topic, service.signer);
  if (!event) return event.error();
  wire::CallContext context;
  context.now = service.clock.Now();
  const auto invoked = service.dispatcher.Call<usher::api::lambda::Invoke>(
      {.function_name = parcel.subscription.endpoint,
       .invocation_type = "Event",
       .payload = *std::move(event)},
      context);
  if (!invoked) return invoked.error();
  return {};
}

}  // namespace usher::sns
