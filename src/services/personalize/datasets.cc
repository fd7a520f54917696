#include "services/personalize/datasets.h"

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "services/personalize/arns.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/files.h"
#include "services/personalize/solution_versions.h"
#include "services/personalize/tags.h"

namespace usher::personalize {
namespace {

// In upper case, as Describe gives it. Errors: invalid input.
Result<std::string> DatasetType(const std::string& given) {
  std::string type = AsciiUpper(given);
  if (type == "INTERACTIONS" || type == "ITEMS" || type == "USERS") return type;
  if (type == "ACTIONS" || type == "ACTION_INTERACTIONS") {
    return InvalidInput("datasets of type " + given + " are not supported by Usher yet");
  }
  return InvalidInput("datasetType is '" + given +
                      "', but must be one of Interactions, Items, Users");
}

Result<AvroSchema> ParseStored(const api::DatasetSchema& schema) {
  return ParseAvroSchema(*schema.schema, schema.domain.value_or(""));
}

// Every field of `old` must be in `next`, unchanged; what is new may be null.
Result<void> CheckReplacement(const AvroSchema& old, const AvroSchema& next) {
  for (const SchemaField& field : old.fields) {
    if (std::ranges::find(next.fields, field) == next.fields.end()) {
      return InvalidInput("the new schema must keep field '" + field.name +
                          "' with its type and attributes");
    }
  }
  for (const SchemaField& field : next.fields) {
    if (!old.Find(field.name) && !field.nullable) {
      return InvalidInput("new field '" + field.name +
                          "' must accept null: rows imported earlier do not have it");
    }
  }
  return {};
}

// Nothing may be reading or writing the dataset's rows.
Result<void> CheckIdle(const Service& service, const std::string& dataset_arn,
                       const std::string& group_arn) {
  const auto imports = service.catalog.ListAll<api::DatasetImportJob>(dataset_arn);
  if (!imports) return imports.error();
  for (const auto& job : *imports) {
    if (IsBeingCreated(*job.resource.status)) {
      return InUse("dataset import job " + *job.resource.dataset_import_job_arn + " is " +
                   *job.resource.status + ": wait for it to end");
    }
  }
  const auto solutions = service.catalog.ListAll<api::Solution>(group_arn);
  if (!solutions) return solutions.error();
  for (const auto& solution : *solutions) {
    const auto versions =
        service.catalog.ListAll<api::SolutionVersion>(solution.resource.solution_arn);
    if (!versions) return versions.error();
    for (const auto& version : *versions) {
      if (IsBeingCreated(*version.resource.status)) {
        return InUse("solution version " + *version.resource.solution_version_arn + " is " +
                     *version.resource.status + ": wait for it or stop it first");
      }
    }
  }
  return {};
}

}  // namespace

Result<api::CreateDatasetResponse> CreateDataset(const api::CreateDatasetRequest& request,
                                                 Service& service, wire::CallContext& context) {
  const auto type = DatasetType(request.dataset_type);
  if (!type) return type.error();
  const auto group = service.catalog.Find<api::DatasetGroup>(request.dataset_group_arn);
  if (!group) return group.error();
  if (group->resource.status != kActive) {
    return InUse("dataset group " + request.dataset_group_arn + " is not ACTIVE but " +
                 *group->resource.status);
  }
  const auto schema = service.catalog.Find<api::DatasetSchema>(request.schema_arn);
  if (!schema) return schema.error();
  const auto fields = ParseStored(schema->resource);
  if (!fields) return fields.error();
  if (fields->dataset_type != *type) {
    return InvalidInput("schema " + request.schema_arn + " describes " + fields->dataset_type +
                        ", not " + *type);
  }
  if (schema->resource.domain != group->resource.domain) {
    return InvalidInput(
        "schema " + request.schema_arn + " has domain " + schema->resource.domain.value_or("none") +
        ", but the dataset group has domain " + group->resource.domain.value_or("none"));
  }
  const Time now = service.clock.Now();
  const api::Dataset dataset{
      .name = request.name,
      .dataset_arn = MakeArn(context.region, "dataset", *group->resource.name + "/" + *type),
      .dataset_group_arn = request.dataset_group_arn,
      .dataset_type = *type,
      .schema_arn = request.schema_arn,
      .status = std::string(kActive),
      .creation_date_time = now,
      .last_updated_date_time = now,
      .latest_dataset_update = std::nullopt,
      .tracking_id = std::nullopt,
  };
  storage::Batch batch;
  service.catalog.Require<api::DatasetGroup>(batch, request.dataset_group_arn);
  service.catalog.Require<api::DatasetSchema>(batch, request.schema_arn);
  service.catalog.Create(batch, dataset);
  if (auto tagged = AddTags(batch, *dataset.dataset_arn, request.tags); !tagged)
    return tagged.error();
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.filters.Changed();
  return api::CreateDatasetResponse{.dataset_arn = dataset.dataset_arn};
}

Result<api::DescribeDatasetResponse> DescribeDataset(const api::DescribeDatasetRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  auto dataset = service.catalog.Find<api::Dataset>(request.dataset_arn);
  if (!dataset) return std::move(dataset).error();
  return api::DescribeDatasetResponse{.dataset = std::move(dataset->resource)};
}

Result<api::ListDatasetsResponse> ListDatasets(const api::ListDatasetsRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::Dataset>(request.dataset_group_arn, request.next_token,
                                                 request.max_results);
  if (!page) return std::move(page).error();
  api::ListDatasetsResponse response{.datasets = std::vector<api::DatasetSummary>{},
                                     .next_token = std::move(page->next_token)};
  for (const auto& dataset : page->resources) {
    response.datasets->push_back(Summarise<api::DatasetSummary>(dataset.resource));
  }
  return response;
}

Result<api::UpdateDatasetResponse> UpdateDataset(const api::UpdateDatasetRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto next = service.catalog.Find<api::DatasetSchema>(request.schema_arn);
  if (!next) return next.error();
  const auto changed = service.catalog.Modify<api::Dataset>(
      request.dataset_arn, [&](Stored<api::Dataset>& stored) -> Result<void> {
        api::Dataset& dataset = stored.resource;
        if (dataset.dataset_type != "ITEMS" && dataset.dataset_type != "USERS") {
          return InvalidInput(
              "only the schema of an Items or Users dataset can be replaced, not of " +
              *dataset.dataset_type);
        }
        if (auto idle = CheckIdle(service, request.dataset_arn, *dataset.dataset_group_arn); !idle)
          return idle;
        const auto old = service.catalog.Find<api::DatasetSchema>(*dataset.schema_arn);
        if (!old) return old.error();
        const auto old_fields = ParseStored(old->resource);
        if (!old_fields) return old_fields.error();
        const auto next_fields = ParseStored(next->resource);
        if (!next_fields) return next_fields.error();
        if (next_fields->dataset_type != old_fields->dataset_type ||
            next->resource.domain != old->resource.domain) {
          return InvalidInput("the new schema must be of the same type and domain as the old one");
        }
        if (auto kept = CheckReplacement(*old_fields, *next_fields); !kept) return kept;
        const Time now = service.clock.Now();
        dataset.schema_arn = request.schema_arn;
        dataset.latest_dataset_update = api::DatasetUpdateSummary{.schema_arn = request.schema_arn,
                                                                  .status = std::string(kActive),
                                                                  .failure_reason = std::nullopt,
                                                                  .creation_date_time = now,
                                                                  .last_updated_date_time = now};
        return {};
      });
  if (!changed) return changed.error();
  if (auto read = service.live.ReadSchemaAgain(request.dataset_arn); !read) return read.error();
  service.filters.Changed();
  return api::UpdateDatasetResponse{.dataset_arn = request.dataset_arn};
}

Result<api::DeleteDatasetResponse> DeleteDataset(const api::DeleteDatasetRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto dataset = service.catalog.Find<api::Dataset>(request.dataset_arn);
  if (!dataset) return dataset.error();
  if (auto idle = CheckIdle(service, request.dataset_arn, *dataset->resource.dataset_group_arn);
      !idle) {
    return idle.error();
  }
  storage::Batch batch;
  service.catalog.Delete(batch, *dataset);
  RemoveTags(batch, request.dataset_arn);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.live.Forget(request.dataset_arn);
  service.filters.Changed();
  for (const auto& path : {DatasetFile(service, *dataset), EventsFolderOf(service, *dataset)}) {
    if (!path) continue;
    std::error_code error;
    std::filesystem::remove_all(*path, error);
    if (error) {
      Log(LogLevel::kWarning, "a deleted dataset's files stay until the next start",
          {{"error", error.message()}});
    }
  }
  return api::DeleteDatasetResponse{};
}

Result<void> SweepDatasets(const Service& service) {
  const auto datasets = service.catalog.ListAll<api::Dataset>(std::nullopt);
  if (!datasets) return datasets.error();
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> logs;
  for (const auto& dataset : *datasets) {
    if (auto file = DatasetFile(service, dataset)) files.push_back(std::move(*file));
    if (auto log = EventsFolderOf(service, dataset)) logs.push_back(std::move(*log));
  }
  if (auto swept = SweepFolder(DatasetsFolder(service), files); !swept) return swept;
  return SweepFolder(EventsFolder(service), logs);
}

}  // namespace usher::personalize
