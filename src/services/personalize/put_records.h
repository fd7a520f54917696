// Operations PutItems and PutUsers: single records, each of which replaces the whole of the one
// with the same id; PutActions and PutActionInteractions, which are refused. Durable when answered;
// filters see the records at once, models with the next training.
// Source: Amazon Personalize API, PutItems, PutUsers, and developer guide, "Importing individual
//         records".
// Errors: invalid input, naming the record and what is accepted; not found. No record of a call
// that
//         is refused is taken.
#pragma once

#include "base/result.h"
#include "services/personalize/put_events.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<events_api::PutItemsResponse> PutItems(const events_api::PutItemsRequest& request,
                                              Service& service, wire::CallContext& context);
Result<events_api::PutUsersResponse> PutUsers(const events_api::PutUsersRequest& request,
                                              Service& service, wire::CallContext& context);
Result<events_api::PutActionsResponse> PutActions(const events_api::PutActionsRequest& request,
                                                  Service& service, wire::CallContext& context);
Result<events_api::PutActionInteractionsResponse> PutActionInteractions(
    const events_api::PutActionInteractionsRequest& request, Service& service,
    wire::CallContext& context);

}  // namespace usher::personalize
