#include "services/personalize/training_metadata.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "base/text.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/pinned_rows.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

using ColumnsByDataset = std::map<std::string, std::vector<std::string>>;

// The columns that a map names for a dataset type, whose case does not matter.
std::optional<std::vector<std::string>> ColumnsOf(const std::optional<ColumnsByDataset>& columns,
                                                  std::string_view dataset_type) {
  if (!columns) return std::nullopt;
  for (const auto& [type, names] : *columns) {
    if (EqualsIgnoreCase(type, dataset_type)) return names;
  }
  return std::nullopt;
}

engine::MetadataRole RoleOf(const SchemaField& field) {
  using Role = engine::MetadataRole;
  if (field.name == engine::kCreationTimestamp) return Role::kCreationTime;
  switch (field.type) {
    case FieldType::kInt:
    case FieldType::kLong:
    case FieldType::kFloat:
    case FieldType::kDouble:
      return Role::kNumeric;
    case FieldType::kBoolean:
      return Role::kIgnored;  // the service does not learn from them either
    case FieldType::kString:
      if (field.categorical) return Role::kCategorical;
      return field.textual || field.item_name ? Role::kText : Role::kIgnored;
  }
  return Role::kIgnored;
}

// Whether a field of the interactions says in what situation an event happened. IMPRESSION and
// RECOMMENDATION_ID are strings, too, but the service's own.
bool IsContext(const SchemaField& field) {
  constexpr std::array<std::string_view, 5> kOwn{"USER_ID", "ITEM_ID", "EVENT_TYPE", "IMPRESSION",
                                                 "RECOMMENDATION_ID"};
  return field.type == FieldType::kString && field.categorical &&
         std::ranges::find(kOwn, field.name) == kOwn.end();
}

bool IsLearnedFrom(const api::SolutionVersion& version, std::string_view dataset_type,
                   const std::string& column) {
  if (!version.solution_config || !version.solution_config->training_data_config) return true;
  const api::TrainingDataConfig& config = *version.solution_config->training_data_config;
  const auto excluded = ColumnsOf(config.excluded_dataset_columns, dataset_type);
  const auto included = ColumnsOf(config.included_dataset_columns, dataset_type);
  if (excluded && std::ranges::find(*excluded, column) != excluded->end()) return false;
  return !included || std::ranges::find(*included, column) != included->end();
}

Result<AvroSchema> SchemaOf(const Service& service, const api::Dataset& dataset) {
  const auto stored = service.catalog.Find<api::DatasetSchema>(*dataset.schema_arn);
  if (!stored) return stored.error();
  return ParseAvroSchema(*stored->resource.schema, stored->resource.domain.value_or(""));
}

Result<void> ReadSource(const Value& request, std::string_view name,
                        engine::MetadataSource& source) {
  const Value* given = request.Find(name);
  if (!given) return {};
  wire::ReadMember(*given, "path", source.path);
  std::map<std::string, std::string> roles;
  wire::ReadMember(*given, "roles", roles);
  for (const auto& [column, text] : roles) {
    const auto role = engine::ParseMetadataRole(text);
    if (!role) return role.error();
    source.roles[column] = *role;
  }
  return {};
}

}  // namespace

Result<void> AddMetadata(Service& service, const api::SolutionVersion& version,
                         const std::string& work_folder, ValueMap& request) {
  const auto datasets = service.catalog.ListAll<api::Dataset>(*version.dataset_group_arn);
  if (!datasets) return datasets.error();
  for (const auto& dataset : *datasets) {
    const std::string& type = *dataset.resource.dataset_type;
    if (type == "INTERACTIONS") {
      const auto schema = SchemaOf(service, dataset.resource);
      if (!schema) return schema.error();
      std::vector<std::string> columns;
      for (const SchemaField& field : schema->fields) {
        if (IsContext(field) && IsLearnedFrom(version, type, field.name)) {
          columns.push_back(field.name);
        }
      }
      request.Set("contextColumns", wire::Write(columns));
    }
    if (type != "ITEMS" && type != "USERS") continue;
    const std::string name = AsciiLower(type);
    const std::string pinned = work_folder + "/" + name + ".parquet";
    if (const auto found = PinRecords(service, dataset, pinned); !found) {
      return found.error();
    } else if (!*found) {
      continue;
    }
    const auto schema = SchemaOf(service, dataset.resource);
    if (!schema) return schema.error();
    std::map<std::string, std::string> roles;
    for (const SchemaField& field : schema->fields) {
      if (field.name == "ITEM_ID" || field.name == "USER_ID") continue;
      const auto role =
          IsLearnedFrom(version, type, field.name) ? RoleOf(field) : engine::MetadataRole::kIgnored;
      roles[field.name] = std::string(engine::NameOf(role));
    }
    ValueMap source;
    source.Set("path", pinned);
    source.Set("roles", wire::Write(roles));
    request.Set(name, std::move(source));
  }
  return {};
}

Result<void> ReadMetadata(const Value& request, engine::TrainOptions& options) {
  wire::ReadMember(request, "contextColumns", options.context_columns);
  if (auto read = ReadSource(request, "items", options.items); !read) return read;
  return ReadSource(request, "users", options.users);
}

}  // namespace usher::personalize
