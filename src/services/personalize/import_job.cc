#include "services/personalize/import_job.h"

#include <filesystem>

#include "base/log.h"
#include "base/random.h"
#include "engine/import.h"
#include "json/json.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/files.h"
#include "services/personalize/objects.h"
#include "services/personalize/schema_columns.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

constexpr std::string_view kBadLocation = "Invalid Data location.";

Result<Stored<api::DatasetImportJob>> Begin(Service& service, const std::string& arn) {
  return service.catalog.Modify<api::DatasetImportJob>(
      arn, [](Stored<api::DatasetImportJob>& stored) -> Result<void> {
        if (stored.resource.status == kCreatePending) stored.resource.status = kCreateInProgress;
        return {};
      });
}

Result<ValueList> FetchInputs(const Service& service, const std::string& location,
                              const std::string& work_folder) {
  const auto from = ParseS3Uri(location, kBadLocation);
  if (!from) return from.error();
  const auto keys = ListObjects(service, *from, kMaxImportFiles);
  if (!keys) return keys.error();
  ValueList files;
  for (const std::string& key : *keys) {
    const std::string path = work_folder + "/" + std::to_string(files.size()) + ".csv";
    if (auto fetched = FetchObject(service, from->bucket, key, path); !fetched)
      return fetched.error();
    ValueMap file;
    file.Set("path", path);
    file.Set("name", "s3://" + from->bucket + "/" + key);
    files.emplace_back(std::move(file));
  }
  return files;
}

Result<Value> ChildRequest(const Service& service, const api::DatasetImportJob& job,
                           const Stored<api::Dataset>& dataset, const std::string& work_folder) {
  const auto schema = service.catalog.Find<api::DatasetSchema>(*dataset.resource.schema_arn);
  if (!schema) return schema.error();
  auto files = FetchInputs(service, *job.data_source->data_location, work_folder);
  if (!files) return std::move(files).error();
  ValueMap request;
  request.Set("files", std::move(*files));
  request.Set("schema", *schema->resource.schema);
  request.Set("domain", schema->resource.domain.value_or(""));
  request.Set("output", work_folder + "/imported.parquet");
  if (job.import_mode == "INCREMENTAL") {
    if (const auto previous = DatasetFile(service, dataset))
      request.Set("previous", previous->string());
  }
  return Value(std::move(request));
}

// Moves the new rows to their place; one commit then makes them the dataset's and the job ACTIVE.
Result<void> Publish(Service& service, Stored<api::DatasetImportJob> job,
                     Stored<api::Dataset> dataset, const std::string& imported,
                     const Value& result) {
  const std::string name = "datasets/" + SecureHex(8) + ".parquet";
  const std::filesystem::path place = std::filesystem::path(service.options.data_folder) / name;
  if (auto moved = MoveToPlace(imported, place); !moved) return moved;

  const auto replaced = DatasetFile(service, dataset);
  const Time now = service.clock.Now();
  dataset.extra.Set("file", name);
  if (const Value* rows = result.Find("rows")) dataset.extra.Set("rows", *rows);
  dataset.resource.last_updated_date_time = now;
  job.resource.status = std::string(kActive);
  job.resource.last_updated_date_time = now;
  storage::Batch batch;
  service.catalog.Update(batch, dataset);
  service.catalog.Update(batch, job);
  const auto committed = service.catalog.Commit(batch);
  std::error_code error;
  if (!committed) {
    // Another import has changed the dataset meanwhile: this one begins again upon its rows. After
    // any other failure the commit may yet turn out to be on the disk, so the file stays for the
    // sweep of the next start to judge.
    if (committed.error().code != ErrorCode::kInUse) return committed;
    std::filesystem::remove(place, error);
    return Error{ErrorCode::kThrottled, committed.error().message};
  }
  service.filters.Changed();
  if (replaced) std::filesystem::remove(*replaced, error);
  if (error)
    Log(LogLevel::kWarning, "replaced rows stay until the next start",
        {{"error", error.message()}});
  return {};
}

Result<void> Run(Service& service, jobs::JobContext& context) {
  auto job = Begin(service, context.spec().subject);
  if (!job) return std::move(job).error();
  if (job->resource.status == kActive) return {};  // an earlier attempt came to the end of it
  auto dataset = service.catalog.Find<api::Dataset>(*job->resource.dataset_arn);
  if (!dataset) return std::move(dataset).error();
  const auto request = ChildRequest(service, job->resource, *dataset, context.work_folder());
  if (!request) return request.error();
  const auto answer = context.RunChild(kImportChild, json::Write(*request));
  if (!answer) return answer.error();
  const auto result = json::Parse(*answer);
  if (!result) return Internal("the import process answered no JSON");
  return Publish(service, std::move(*job), std::move(*dataset),
                 context.work_folder() + "/imported.parquet", *result);
}

engine::ImportDataset DatasetOf(const std::string& type) {
  if (type == "ITEMS") return engine::ImportDataset::kItems;
  return type == "USERS" ? engine::ImportDataset::kUsers : engine::ImportDataset::kInteractions;
}

void Fail(Service& service, const jobs::JobSpec& spec, const Error& reason) {
  const auto changed = service.catalog.Modify<api::DatasetImportJob>(
      spec.subject, [&](Stored<api::DatasetImportJob>& stored) -> Result<void> {
        stored.resource.status = std::string(kCreateFailed);
        stored.resource.failure_reason = reason.message;
        return {};
      });
  ReportLostFailure(changed, spec, reason);
}

}  // namespace

jobs::JobType ImportJob(Service& service) {
  return {.name = std::string(kImportJob),
          .run = [&service](jobs::JobContext& job) { return Run(service, job); },
          .on_failed = [&service](const jobs::JobSpec& spec,
                                  const Error& reason) { Fail(service, spec, reason); },
          // Two into one dataset would each publish upon rows that the other is replacing, and one
          // alone keeps all cores busy.
          .at_once = 1};
}

Result<Value> ImportChild(const Value& request, jobs::ChildContext& context) {
  std::string schema_text;
  std::string domain;
  std::vector<std::map<std::string, std::string>> files;
  engine::ImportRequest import;
  wire::ReadMember(request, "schema", schema_text);
  wire::ReadMember(request, "domain", domain);
  wire::ReadMember(request, "files", files);
  wire::ReadMember(request, "output", import.output_path);
  wire::ReadMember(request, "previous", import.existing_path);
  const auto schema = ParseAvroSchema(schema_text, domain);
  if (!schema) return schema.error();
  import.dataset = DatasetOf(schema->dataset_type);
  import.mode =
      import.existing_path.empty() ? engine::ImportMode::kFull : engine::ImportMode::kIncremental;
  for (const SchemaField& field : schema->fields) {
    import.fields.push_back({.name = field.name,
                             .type = ColumnTypeOf(field.type),
                             .nullable = field.nullable,
                             .textual = field.textual});
  }
  for (auto& file : files) import.inputs.push_back({.name = file["name"], .path = file["path"]});
  import.progress = [&](double fraction) { context.Report(fraction, "importing"); };

  const auto imported = engine::Import(import);
  if (!imported) return imported.error();
  ValueMap result;
  result.Set("rows", static_cast<std::int64_t>(imported->rows_published));
  return Value(std::move(result));
}

}  // namespace usher::personalize
