// The errors that SNS gives, worded as its clients know them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace usher::sns {

inline Error InvalidParameter(std::string_view parameter, std::string_view reason) {
  return Named("InvalidParameter", ErrorCode::kInvalidInput,
               "Invalid parameter: " + std::string(parameter) + " Reason: " + std::string(reason),
               400);
}

inline Error NoSuchTopic() {
  return Named("NotFound", ErrorCode::kNotFound, "Topic does not exist", 404);
}

inline Error NoSuchSubscription() {
  return Named("NotFound", ErrorCode::kNotFound, "Subscription does not exist", 404);
}

}  // namespace usher::sns
