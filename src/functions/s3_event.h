// The event that a bucket's notification invokes a function with.
//
// Source: "Event message structure", Amazon S3 User Guide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::functions {

struct ObjectRecord {
  std::string bucket;
  std::string key;        // as it is; form-encoded in the event
  std::string sequencer;  // grows with each event of the key; the same when one comes again; or ""
};

// Errors: invalid input for what is no such event.
Result<std::vector<ObjectRecord>> ReadS3Event(std::string_view event);

// "a/b/" and "c" of "a/b/c". Slashes that follow one another stay.
[[nodiscard]] std::string_view FolderOf(std::string_view key);
[[nodiscard]] std::string_view FileOf(std::string_view key);

}  // namespace usher::functions
