// The errors of S3 that several operations give, with the names and words that clients know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace usher::s3 {

Error InvalidArgument(std::string_view name, std::string_view value, std::string message);
Error InvalidRequest(std::string message);
Error NotImplemented(std::string message);
Error MalformedXml();
Error NoSuchVersion(std::string_view key, std::string_view version_id);
Error PreconditionFailed(std::string_view condition);
Error EntityTooLarge(std::uint64_t max_bytes);

}  // namespace usher::s3
