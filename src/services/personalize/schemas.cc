#include "services/personalize/schemas.h"

#include "services/personalize/arns.h"
#include "services/personalize/avro_schema.h"

namespace usher::personalize {

Result<api::CreateSchemaResponse> CreateSchema(const api::CreateSchemaRequest& request,
                                               Service& service, wire::CallContext& context) {
  const auto parsed = ParseAvroSchema(request.schema, request.domain.value_or(""));
  if (!parsed) return parsed.error();
  const Time now = service.clock.Now();
  const api::DatasetSchema schema{.name = request.name,
                                  .schema_arn = MakeArn(context.region, "schema", request.name),
                                  .schema = request.schema,
                                  .creation_date_time = now,
                                  .last_updated_date_time = now,
                                  .domain = request.domain};
  storage::Batch batch;
  service.catalog.Create(batch, schema);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::CreateSchemaResponse{.schema_arn = schema.schema_arn};
}

Result<api::DescribeSchemaResponse> DescribeSchema(const api::DescribeSchemaRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  auto schema = service.catalog.Find<api::DatasetSchema>(request.schema_arn);
  if (!schema) return std::move(schema).error();
  return api::DescribeSchemaResponse{.schema = std::move(schema->resource)};
}

Result<api::ListSchemasResponse> ListSchemas(const api::ListSchemasRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::DatasetSchema>(std::nullopt, request.next_token,
                                                       request.max_results);
  if (!page) return std::move(page).error();
  api::ListSchemasResponse response{.schemas = std::vector<api::DatasetSchemaSummary>{},
                                    .next_token = std::move(page->next_token)};
  for (const auto& schema : page->resources) {
    response.schemas->push_back(Summarise<api::DatasetSchemaSummary>(schema.resource));
  }
  return response;
}

Result<api::DeleteSchemaResponse> DeleteSchema(const api::DeleteSchemaRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto schema = service.catalog.Find<api::DatasetSchema>(request.schema_arn);
  if (!schema) return schema.error();
  const auto datasets = service.catalog.ListAll<api::Dataset>(std::nullopt);
  if (!datasets) return datasets.error();
  for (const auto& dataset : *datasets) {
    if (dataset.resource.schema_arn == request.schema_arn) {
      return InUse("schema " + request.schema_arn + " is used by dataset " +
                   *dataset.resource.dataset_arn + ": delete that first");
    }
  }
  storage::Batch batch;
  service.catalog.Delete(batch, *schema);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::DeleteSchemaResponse{};
}

}  // namespace usher::personalize
