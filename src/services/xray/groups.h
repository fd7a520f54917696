// Groups: filter expressions with names. The group "Default" is always there and holds every trace.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/xray/filter.h"
#include "services/xray/service.h"

namespace usher::xray {

inline constexpr std::string_view kDefaultGroup = "Default";
inline constexpr std::size_t kMaxGroups = 25;  // beside the default one

// The filter of a group, by name or ARN; nullopt where neither is given or the group holds all.
// Errors: not found; corrupt; internal.
Result<std::optional<Filter>> FilterOfGroup(const Service& service,
                                            const std::optional<std::string>& name,
                                            const std::optional<std::string>& arn);

}  // namespace usher::xray
