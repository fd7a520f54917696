// The schema of a dataset: an Avro record of flat fields, with the rules that the service adds.
// Source: Amazon Personalize developer guide, "Schemas" and "Dataset and schema requirements".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::personalize {

enum class FieldType { kString, kInt, kLong, kFloat, kDouble, kBoolean };

struct SchemaField {
  std::string name;
  FieldType type = FieldType::kString;
  bool nullable = false;
  bool categorical = false;
  bool textual = false;
  bool item_name = false;
  bool operator==(const SchemaField&) const = default;
};

struct AvroSchema {
  std::string dataset_type;  // "INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"
  std::vector<SchemaField> fields;

  // By name without case; nullptr when there is none.
  [[nodiscard]] const SchemaField* Find(std::string_view name) const;
};

inline constexpr std::size_t kMaxSchemaDepth = 8;  // nesting of the JSON

// `domain` is empty, "ECOMMERCE" or "VIDEO_ON_DEMAND": it adds required and reserved fields.
// Errors: invalid input, naming the field and what is accepted.
Result<AvroSchema> ParseAvroSchema(std::string_view json, std::string_view domain);

[[nodiscard]] std::string_view FieldTypeName(FieldType type);  // "string", "long" …

}  // namespace usher::personalize
