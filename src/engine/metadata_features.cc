#include "engine/metadata_features.h"

namespace usher::engine {

recsys::Features FeaturesOf(const Metadata& metadata, FeaturesFrom from) {
  recsys::FeatureBuilder builder(metadata.ids.size());
  for (const MetadataColumn& column : metadata.columns) {
    if (from == FeaturesFrom::kTexts && column.role != MetadataRole::kText) continue;
    switch (column.role) {
      case MetadataRole::kCategorical:
        builder.AddCategorical(column.values.view(), column.names.size());
        break;
      case MetadataRole::kNumeric:
      case MetadataRole::kCreationTime:
        builder.AddNumeric(column.numbers);
        break;
      case MetadataRole::kText:
        builder.AddText(column.texts);
        break;
      case MetadataRole::kIgnored:
        break;
    }
  }
  return builder.Finish();
}

}  // namespace usher::engine
