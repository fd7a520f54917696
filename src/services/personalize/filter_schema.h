// What the filters of a dataset group may ask of its datasets.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/filter_expression.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/catalog.h"

namespace usher::personalize {

// Adds what may be asked of a dataset with this schema. Strings are texts, categorical ones with
// several values; textual fields and booleans cannot be filtered by.
void AddFilterFields(const AvroSchema& schema, engine::FilterSchema& known);

// By the schemas of the group's datasets as they are now. Errors: corrupt; internal.
Result<engine::FilterSchema> FilterSchemaOf(const Catalog& catalog, const std::string& group_arn);

}  // namespace usher::personalize
