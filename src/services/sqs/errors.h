// The errors that SQS gives. Clients of its older protocol knew them by other names, which newer
// ones still show: QueryNameOf tells them for the header x-amzn-query-error.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace usher::sqs {

inline Error NoSuchQueue() {
  return Named("QueueDoesNotExist", ErrorCode::kNotFound, "The specified queue does not exist.",
               400);
}

inline Error InvalidValue(std::string message) {
  return Named("InvalidParameterValue", ErrorCode::kInvalidInput, std::move(message), 400);
}

inline Error InvalidAttributeName(std::string_view name, std::string_view reason = {}) {
  return Named("InvalidAttributeName", ErrorCode::kInvalidInput,
               "Unknown Attribute " + std::string(name) + "." +
                   (reason.empty() ? "" : " " + std::string(reason)),
               400);
}

inline Error InvalidAttributeValue(std::string_view name, std::string_view reason) {
  return Named(
      "InvalidAttributeValue", ErrorCode::kInvalidInput,
      "Invalid value for the parameter " + std::string(name) + ". Reason: " + std::string(reason),
      400);
}

inline Error InvalidReceipt() {
  return Named("ReceiptHandleIsInvalid", ErrorCode::kInvalidInput,
               "The input receipt handle is invalid.", 400);
}

[[nodiscard]] std::string QueryNameOf(const Error& error);

}  // namespace usher::sqs
