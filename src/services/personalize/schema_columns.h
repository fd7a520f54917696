// A dataset's schema as columns, and values that clients give for them one by one.
// Source: Amazon Personalize developer guide, "Importing individual records": properties are named
//         like the schema's fields in camel case, and numbers may be given as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "columnar/table.h"
#include "services/personalize/avro_schema.h"

namespace usher::personalize {

[[nodiscard]] columnar::ColumnType ColumnTypeOf(FieldType type);
[[nodiscard]] std::vector<columnar::ColumnSpec> ColumnsOf(const AvroSchema& schema);

// The field that a property means: NUM_RATINGS by "numRatings", "num_ratings" or its own name.
// nullptr when there is none.
[[nodiscard]] const SchemaField* FieldOfProperty(const AvroSchema& schema, std::string_view name);

// A property's value as the field's column has it: text, a whole number, a number, a bool or null.
// `where` names the property in a complaint. Text of textual fields is cut where an import cuts it.
// Errors: invalid input for another type, a text that is too long, a number out of range, or null
// where the field may not be.
Result<Value> ColumnValue(const SchemaField& field, const Value& given, const std::string& where);

// The JSON object of a `properties` text. Errors: invalid input, naming `where`.
Result<ValueMap> ParseProperties(std::string_view json, const std::string& where);

// The fields' names, for complaints: "GENRES, PRICE".
[[nodiscard]] std::string FieldNames(const AvroSchema& schema);

}  // namespace usher::personalize
