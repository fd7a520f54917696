// Features of the rows of metadata, for content models (recsys/content/).
#pragma once

#include "engine/metadata.h"
#include "recsys/content/features.h"

namespace usher::engine {

enum class FeaturesFrom { kAllColumns, kTexts };

// Row i of the answer describes row i of the metadata. Times of creation count as numbers.
[[nodiscard]] recsys::Features FeaturesOf(const Metadata& metadata, FeaturesFrom from);

}  // namespace usher::engine
