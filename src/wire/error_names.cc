#include "wire/error_names.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace usher::wire {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int status;  // where the model states none for the name
};

// ---- by protocol ----

constexpr Row kJsonNames[] = {
    {ErrorCode::kInvalidInput, "ValidationException", 400},
    {ErrorCode::kNotFound, "ResourceNotFoundException", 400},
    {ErrorCode::kAlreadyExists, "ResourceAlreadyExistsException", 400},
    {ErrorCode::kInUse, "ResourceInUseException", 400},
    {ErrorCode::kLimitExceeded, "LimitExceededException", 400},
    {ErrorCode::kInvalidNextToken, "InvalidNextTokenException", 400},
    {ErrorCode::kAccessDenied, "AccessDeniedException", 400},
    {ErrorCode::kUnsupported, "UnsupportedOperationException", 400},
    {ErrorCode::kThrottled, "ThrottlingException", 400},
    {ErrorCode::kCancelled, "InternalFailure", 500},
    {ErrorCode::kCorrupt, "InternalFailure", 500},
    {ErrorCode::kInternal, "InternalFailure", 500},
};

constexpr Row kRestJsonNames[] = {
    {ErrorCode::kInvalidInput, "ValidationException", 400},
    {ErrorCode::kNotFound, "ResourceNotFoundException", 404},
    {ErrorCode::kAlreadyExists, "ResourceConflictException", 409},
    {ErrorCode::kInUse, "ResourceInUseException", 409},
    {ErrorCode::kLimitExceeded, "LimitExceededException", 400},
    {ErrorCode::kInvalidNextToken, "InvalidNextTokenException", 400},
    {ErrorCode::kAccessDenied, "AccessDeniedException", 403},
    {ErrorCode::kUnsupported, "NotImplemented", 501},
    {ErrorCode::kThrottled, "TooManyRequestsException", 429},
    {ErrorCode::kCancelled, "InternalFailure", 500},
    {ErrorCode::kCorrupt, "InternalFailure", 500},
    {ErrorCode::kInternal, "InternalFailure", 500},
};

constexpr Row kQueryNames[] = {
    {ErrorCode::kInvalidInput, "ValidationError", 400},
    {ErrorCode::kNotFound, "ResourceNotFound", 404},
    {ErrorCode::kAlreadyExists, "AlreadyExists", 409},
    {ErrorCode::kInUse, "ResourceInUse", 409},
    {ErrorCode::kLimitExceeded, "LimitExceeded", 409},
    {ErrorCode::kInvalidNextToken, "ValidationError", 400},
    {ErrorCode::kAccessDenied, "AccessDenied", 403},
    {ErrorCode::kUnsupported, "UnsupportedOperation", 400},
    {ErrorCode::kThrottled, "Throttling", 400},
    {ErrorCode::kCancelled, "InternalFailure", 500},
    {ErrorCode::kCorrupt, "InternalFailure", 500},
    {ErrorCode::kInternal, "InternalFailure", 500},
};

constexpr Row kRestXmlNames[] = {
    {ErrorCode::kInvalidInput, "InvalidArgument", 400},
    {ErrorCode::kNotFound, "NoSuchKey", 404},
    {ErrorCode::kAlreadyExists, "BucketAlreadyExists", 409},
    {ErrorCode::kInUse, "OperationAborted", 409},
    {ErrorCode::kLimitExceeded, "EntityTooLarge", 400},
    {ErrorCode::kInvalidNextToken, "InvalidArgument", 400},
    {ErrorCode::kAccessDenied, "AccessDenied", 403},
    {ErrorCode::kUnsupported, "NotImplemented", 501},
    {ErrorCode::kThrottled, "SlowDown", 503},
    {ErrorCode::kCancelled, "InternalError", 500},
    {ErrorCode::kCorrupt, "InternalError", 500},
    {ErrorCode::kInternal, "InternalError", 500},
};

std::span<const Row> NamesOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kJson:
      return kJsonNames;
    case Protocol::kRestJson:
      return kRestJsonNames;
    case Protocol::kQuery:
      return kQueryNames;
    case Protocol::kRestXml:
      return kRestXmlNames;
  }
  return kJsonNames;
}

// ---- by service, where it differs from its protocol ----

struct ServiceRow {
  std::string_view service;
  Row row;
};

constexpr ServiceRow kServiceNames[] = {
    {"personalize", {ErrorCode::kInvalidInput, "InvalidInputException", 400}},
    {"personalize-runtime", {ErrorCode::kInvalidInput, "InvalidInputException", 400}},
    {"personalize-events", {ErrorCode::kInvalidInput, "InvalidInputException", 400}},

    {"lambda", {ErrorCode::kInvalidInput, "InvalidParameterValueException", 400}},
    {"lambda", {ErrorCode::kInUse, "ResourceConflictException", 409}},
    {"lambda", {ErrorCode::kInvalidNextToken, "InvalidParameterValueException", 400}},
    {"lambda", {ErrorCode::kInternal, "ServiceException", 500}},
    {"lambda", {ErrorCode::kCorrupt, "ServiceException", 500}},
    {"lambda", {ErrorCode::kCancelled, "ServiceException", 500}},

    {"xray", {ErrorCode::kInvalidInput, "InvalidRequestException", 400}},
    {"xray", {ErrorCode::kNotFound, "InvalidRequestException", 400}},
    {"xray", {ErrorCode::kAlreadyExists, "InvalidRequestException", 400}},
    {"xray", {ErrorCode::kInvalidNextToken, "InvalidRequestException", 400}},
    {"xray", {ErrorCode::kLimitExceeded, "RuleLimitExceededException", 400}},
    {"xray", {ErrorCode::kThrottled, "ThrottledException", 429}},

    {"cloudwatch", {ErrorCode::kInvalidInput, "InvalidParameterValue", 400}},
    {"cloudwatch", {ErrorCode::kInvalidNextToken, "InvalidNextToken", 400}},

    {"iam", {ErrorCode::kNotFound, "NoSuchEntity", 404}},
    {"iam", {ErrorCode::kAlreadyExists, "EntityAlreadyExists", 409}},
    {"iam", {ErrorCode::kInUse, "DeleteConflict", 409}},
    {"iam", {ErrorCode::kUnsupported, "UnsupportedOperation", 400}},

    {"cloudformation", {ErrorCode::kNotFound, "ValidationError", 400}},
    {"cloudformation", {ErrorCode::kInUse, "ValidationError", 400}},
    {"cloudformation", {ErrorCode::kAlreadyExists, "AlreadyExistsException", 400}},
    {"cloudformation", {ErrorCode::kLimitExceeded, "LimitExceededException", 400}},

    {"glue", {ErrorCode::kInvalidInput, "InvalidInputException", 400}},
    {"glue", {ErrorCode::kNotFound, "EntityNotFoundException", 400}},
    {"glue", {ErrorCode::kAlreadyExists, "AlreadyExistsException", 400}},
    {"glue", {ErrorCode::kInUse, "ConcurrentModificationException", 400}},
    {"glue", {ErrorCode::kLimitExceeded, "ResourceNumberLimitExceededException", 400}},
    {"glue", {ErrorCode::kInvalidNextToken, "InvalidInputException", 400}},
    {"glue", {ErrorCode::kInternal, "InternalServiceException", 500}},
    {"glue", {ErrorCode::kCorrupt, "InternalServiceException", 500}},
    {"glue", {ErrorCode::kCancelled, "InternalServiceException", 500}},

    {"logs", {ErrorCode::kInvalidInput, "InvalidParameterException", 400}},
    {"logs", {ErrorCode::kInvalidNextToken, "InvalidParameterException", 400}},
    {"sns", {ErrorCode::kInvalidInput, "InvalidParameter", 400}},
    {"sns", {ErrorCode::kNotFound, "NotFound", 404}},
    {"sns", {ErrorCode::kAccessDenied, "AuthorizationError", 403}},
    {"sns", {ErrorCode::kInvalidNextToken, "InvalidParameter", 400}},
    {"sns", {ErrorCode::kThrottled, "Throttled", 429}},

    {"apigateway", {ErrorCode::kInvalidInput, "BadRequestException", 400}},
    {"apigateway", {ErrorCode::kNotFound, "NotFoundException", 404}},
    {"apigateway", {ErrorCode::kAlreadyExists, "ConflictException", 409}},
    {"apigateway", {ErrorCode::kInUse, "ConflictException", 409}},
    {"apigateway", {ErrorCode::kInvalidNextToken, "BadRequestException", 400}},
    {"apigateway", {ErrorCode::kLimitExceeded, "LimitExceededException", 429}},

    {"sqs", {ErrorCode::kNotFound, "QueueDoesNotExist", 400}},
    {"sqs", {ErrorCode::kInvalidInput, "InvalidParameterValue", 400}},
    {"sqs", {ErrorCode::kLimitExceeded, "OverLimit", 403}},
    {"sqs", {ErrorCode::kUnsupported, "UnsupportedOperation", 400}},
    {"sqs", {ErrorCode::kThrottled, "RequestThrottled", 403}},
};

const Row& RowOf(std::span<const Row> rows, ErrorCode code) {
  const auto found = std::ranges::find(rows, code, &Row::code);
  Check(found != rows.end(), "every kind of error has a name in every protocol");
  return *found;
}

Row RowOf(const Service& service, ErrorCode code) {
  for (const auto& [id, row] : kServiceNames) {
    if (id == service.id && row.code == code) return row;
  }
  return RowOf(NamesOf(service.protocol), code);
}

ErrorAnswer Answer(const Row& row, const Error& error) {
  ErrorAnswer answer{.name = std::string(row.name), .status = row.status};
  if (IsInternal(error)) {
    answer.message = "The server met an internal error. Its log says more under this request id.";
  } else {
    answer.message = error.message;
    answer.details = error.details;
  }
  return answer;
}

}  // namespace

bool IsInternal(const Error& error) {
  return error.code == ErrorCode::kInternal || error.code == ErrorCode::kCorrupt ||
         error.code == ErrorCode::kCancelled;
}

ErrorAnswer NameError(const Service& service, const Operation* operation, const Error& error) {
  ErrorAnswer answer = Answer(RowOf(service, error.code), error);
  const bool general = error.wire_name.empty() || (error.wire_name == "ValidationException" &&
                                                   !ModelledError(operation, error.wire_name));
  if (!general && !IsInternal(error)) answer.name = error.wire_name;
  answer.service = &service;
  answer.operation = operation;
  const Shape* model = ModelledError(operation, answer.name);
  if (model && model->error_status != 0) answer.status = model->error_status;
  if (error.http_status != 0) answer.status = error.http_status;
  return answer;
}

ErrorAnswer NameError(Protocol protocol, const Error& error) {
  ErrorAnswer answer = Answer(RowOf(NamesOf(protocol), error.code), error);
  if (!error.wire_name.empty() && !IsInternal(error)) answer.name = error.wire_name;
  if (error.http_status != 0) answer.status = error.http_status;
  return answer;
}

}  // namespace usher::wire
