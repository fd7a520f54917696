#include "services/s3/errors.h"

namespace usher::s3 {

Error InvalidArgument(std::string_view name, std::string_view value, std::string message) {
  Error error = Named("InvalidArgument", ErrorCode::kInvalidInput, std::move(message), 400);
  error.details = {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}};
  return error;
}

Error InvalidRequest(std::string message) {
  return Named("InvalidRequest", ErrorCode::kInvalidInput, std::move(message), 400);
}

Error NotImplemented(std::string message) {
  return Named("NotImplemented", ErrorCode::kUnsupported, std::move(message), 501);
}

Error MalformedXml() {
  return Named("MalformedXML", ErrorCode::kInvalidInput,
               "The XML you provided was not well-formed or did not validate against our published "
               "schema",
               400);
}

Error NoSuchVersion(std::string_view key, std::string_view version_id) {
  Error error = Named("NoSuchVersion", ErrorCode::kNotFound,
                      "The specified version does not exist: buckets here are not versioned.", 404);
  error.details = {{"Key", std::string(key)}, {"VersionId", std::string(version_id)}};
  return error;
}

Error PreconditionFailed(std::string_view condition) {
  Error error = Named("PreconditionFailed", ErrorCode::kInvalidInput,
                      "At least one of the pre-conditions you specified did not hold", 412);
  error.details = {{"Condition", std::string(condition)}};
  return error;
}

Error EntityTooLarge(std::uint64_t max_bytes) {
  Error error = Named("EntityTooLarge", ErrorCode::kLimitExceeded,
                      "Your proposed upload exceeds the maximum allowed size", 400);
  error.details = {{"MaxSizeAllowed", std::to_string(max_bytes)}};
  return error;
}

}  // namespace usher::s3
