// Versions of functions: published from $LATEST, deleted with their code.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "services/lambda/service.h"

namespace usher::lambda {

// $LATEST under the next number; the newest version again when nothing has changed since.
Result<api::FunctionConfiguration> PublishLatest(std::string_view region, const std::string& name,
                                                 const std::optional<std::string>& description,
                                                 Service& service);
// Errors: in use while an alias stands for it; not found.
Result<void> DeleteVersion(std::string_view region, const FunctionName& name, Service& service);
// The function with everything that is its own.
Result<void> DeleteAllVersions(const std::string& name, Service& service);
// Removes the zip, and what was unpacked of it when nobody else has the same code.
void RemoveCode(const storage::DataFile& zip, Service& service);

}  // namespace usher::lambda
