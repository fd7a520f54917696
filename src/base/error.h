// Error: why an operation could not be done, as a value that crosses threads and services.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace usher {

// What kind of failure this is; each service's table maps it to its own public error name.
enum class ErrorCode {
  kInvalidInput,      // the caller must change the request
  kNotFound,          // no such resource
  kAlreadyExists,     // the name is taken
  kInUse,             // the resource is not in a state that allows this
  kLimitExceeded,     // a quota of the service
  kInvalidNextToken,  // a page token that this server did not make
  kAccessDenied,      // known caller, not allowed
  kUnsupported,       // modelled, but not built in Usher
  kThrottled,         // too busy: try again later
  kCancelled,         // stopped on request
  kCorrupt,           // stored bytes do not match their checksum
  kInternal,          // the machine failed us (disk, memory, bug)
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;    // what was wrong, with which value, and what is accepted
  std::string wire_name;  // exact public name where the code alone does not tell ("NoSuchBucket");
                          // may be empty
  int http_status = 0;    // only where it differs from the name's usual status; 0 otherwise
  // Modelled members of the error beside the message (S3's "BucketName", "Key" …).
  std::vector<std::pair<std::string, std::string>> details;
};

inline Error InvalidInput(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}
inline Error NotFound(std::string message) { return {ErrorCode::kNotFound, std::move(message)}; }
inline Error AlreadyExists(std::string message) {
  return {ErrorCode::kAlreadyExists, std::move(message)};
}
inline Error InUse(std::string message) { return {ErrorCode::kInUse, std::move(message)}; }
inline Error LimitExceeded(std::string message) {
  return {ErrorCode::kLimitExceeded, std::move(message)};
}
inline Error AccessDenied(std::string message) {
  return {ErrorCode::kAccessDenied, std::move(message)};
}
inline Error Unsupported(std::string message) {
  return {ErrorCode::kUnsupported, std::move(message)};
}
inline Error Cancelled(std::string message) { return {ErrorCode::kCancelled, std::move(message)}; }
inline Error Corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message)}; }
inline Error Internal(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }

// An error that carries its public name, as S3 and the signature checks need.
inline Error Named(std::string_view wire_name, ErrorCode code, std::string message,
                   int http_status = 0) {
  return {code, std::move(message), std::string(wire_name), http_status, {}};
}

// "what: <strerror(errno)>" for a failed system call. Names no host path.
Error SystemError(std::string_view what, int error_number);

}  // namespace usher
