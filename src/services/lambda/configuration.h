// What creating and updating functions have in common: checks of a configuration, the zip of the
// request, and the configuration as answers show it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "services/lambda/service.h"

namespace usher::lambda {

inline constexpr std::size_t kMaxVariablesBytes = 4096;  // names and values together

// Where the zip of a request is.
struct ZipPlace {
  const std::optional<std::string>& zip_file;
  const std::optional<std::string>& bucket;
  const std::optional<std::string>& key;
  const std::optional<std::string>& object_version;
};

// Keeps the zip; nullopt when the request names none. Errors: invalid input (what zip.h refuses,
// two places, an object that cannot be read); limit exceeded (RequestEntityTooLarge…).
Result<std::optional<storage::DataFile>> KeepZip(const ZipPlace& place, std::string_view owner,
                                                 Service& service,
                                                 const wire::CallContext& context);

// Errors: invalid input naming the variable or the total.
Result<void> CheckVariables(const std::optional<api::Environment>& environment);
// Runtime, handler and layers of a configuration that is complete.
Result<void> CheckRuntime(const api::FunctionConfiguration& configuration);
// At most five, each an ARN of a layer's version.
Result<std::vector<api::Layer>> LayersOf(const std::vector<std::string>& arns, Service& service);

// With State and LastUpdateStatus as they are now: a layer that is missing makes it Failed until it
// is there.
[[nodiscard]] api::FunctionConfiguration Shown(api::FunctionConfiguration configuration,
                                               const Service& service);
// 2022-07-21T00:21:00.000+0000
[[nodiscard]] std::string LastModified(Time time);
// base64(sha256) as CodeSha256 has it.
[[nodiscard]] std::string CodeSha256(const storage::DataFile& zip);

}  // namespace usher::lambda
