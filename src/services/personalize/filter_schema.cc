#include "services/personalize/filter_schema.h"

#include <utility>
#include <vector>

namespace usher::personalize {

void AddFilterFields(const AvroSchema& schema, engine::FilterSchema& known) {
  using Type = engine::FilterField::Type;
  std::vector<engine::FilterField> fields;
  for (const SchemaField& field : schema.fields) {
    Type type = Type::kNumber;
    if (field.type == FieldType::kString) type = field.textual ? Type::kFreeText : Type::kText;
    if (field.type == FieldType::kBoolean) type = Type::kBoolean;
    fields.push_back({.name = field.name, .type = type, .categorical = field.categorical});
  }
  auto& of_type = schema.dataset_type == "INTERACTIONS" ? known.interactions
                  : schema.dataset_type == "ITEMS"      ? known.items
                                                        : known.users;
  of_type = std::move(fields);
}

Result<engine::FilterSchema> FilterSchemaOf(const Catalog& catalog, const std::string& group_arn) {
  engine::FilterSchema result;
  const auto datasets = catalog.ListAll<api::Dataset>(group_arn);
  if (!datasets) return datasets.error();
  for (const auto& dataset : *datasets) {
    const auto stored = catalog.Find<api::DatasetSchema>(*dataset.resource.schema_arn);
    if (!stored) return stored.error();
    const auto schema =
        ParseAvroSchema(*stored->resource.schema, stored->resource.domain.value_or(""));
    if (!schema) return schema.error();
    AddFilterFields(*schema, result);
  }
  return result;
}

}  // namespace usher::personalize
