// Operation PutEvents: what a user just did. Durable when it is answered; every request that begins
// after the answer sees it.
// Source: Amazon Personalize API, PutEvents, and developer guide, "Recording real-time events".
// Errors: invalid input, naming the event and what is accepted; limit exceeded. No event of a call
//         that is refused is taken.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"
#include "wire/personalize_events.h"

namespace usher::personalize {

namespace events_api = usher::api::personalize_events;

inline constexpr std::size_t kMaxEventBytes = 10 << 10;  // of an event's texts

Result<events_api::PutEventsResponse> PutEvents(const events_api::PutEventsRequest& request,
                                                Service& service, wire::CallContext& context);

}  // namespace usher::personalize
