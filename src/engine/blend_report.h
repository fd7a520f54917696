// BlendReport: what was tried when a blend was fitted to a data set, and what won; the file
// blend.json of a model folder.
#pragma once

#include <string>

#include "base/result.h"
#include "base/value.h"
#include "recsys/blend/choose.h"

namespace usher::engine {

inline constexpr std::string_view kBlendReportFile = "blend.json";

struct BlendReport {
  recsys::TransitionChoice transitions;
  recsys::BlendChoice blend;
};

// The settings alone, as the manifest has them.
[[nodiscard]] Value ToValue(const recsys::BlendOptions& options);
// Errors: kCorrupt, naming the member that is missing or out of range.
Result<recsys::BlendOptions> ParseBlendOptions(const Value& value);

// The whole report as JSON text.
[[nodiscard]] std::string WriteBlendReport(const BlendReport& report);

}  // namespace usher::engine
