#include "services/personalize/training_metadata.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "base/text.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/files.h"
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

bool IsLearnedFrom(const api::SolutionVersion& version, std::string_view dataset_type,
                   const std::string& column) {
  if (!version.solution_config || !version.solution_config->training_data_config) return true;
  const api::TrainingDataConfig& config = *version.solution_config->training_data_config;
  const auto excluded = ColumnsOf(config.excluded_dataset_columns, dataset_type);
  const auto included = ColumnsOf(config.included_dataset_columns, dataset_type);
  if (excluded && std::ranges::find(*excluded, column) != excluded->end()) return false;
  return !included || std::ranges::find(*included, column) != included->end();
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

Result<void> AddMetadata(const Service& service, const api::SolutionVersion& version,
                         const std::string& work_folder, ValueMap& request) {
  const auto datasets = service.catalog.ListAll<api::Dataset>(*version.dataset_group_arn);
  if (!datasets) return datasets.error();
  for (const auto& dataset : *datasets) {
    const std::string& type = *dataset.resource.dataset_type;
    if (type != "ITEMS" && type != "USERS") continue;
    const std::string name = AsciiLower(type);
    const std::string pinned = work_folder + "/" + name + ".parquet";
    const auto file = DatasetFile(service, dataset);
    if (!std::filesystem::exists(pinned)) {
      if (!file) continue;
      if (auto done = PinFile(*file, pinned); !done) return done;
    }
    const auto stored = service.catalog.Find<api::DatasetSchema>(*dataset.resource.schema_arn);
    if (!stored) return stored.error();
    const auto schema =
        ParseAvroSchema(*stored->resource.schema, stored->resource.domain.value_or(""));
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
  if (auto read = ReadSource(request, "items", options.items); !read) return read;
  return ReadSource(request, "users", options.users);
}

}  // namespace usher::personalize
