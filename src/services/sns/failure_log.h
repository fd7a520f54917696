// Where deliveries that have failed for good are told.
#pragma once

#include "jobs/delivery_queue.h"
#include "services/sns/delivery.h"

namespace usher::sns {

// A line in the server's log, and a JSON line in the log group sns/REGION/ACCOUNT/TOPIC, stream
// "failures", when the server has log groups.
void TellFailure(const Service& service, const Parcel& parcel, const jobs::Delivery& delivery,
                 const Error& why);

// "sns/us-east-1/000000000000/movies" for the topic's ARN.
[[nodiscard]] std::string LogGroupOf(std::string_view topic_arn);

}  // namespace usher::sns
