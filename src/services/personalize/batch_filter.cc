#include "services/personalize/batch_filter.h"

#include <utility>
#include <vector>

#include "recsys/segments/segment_model.h"
#include "recsys/similar/related_items.h"
#include "services/personalize/filter_schema.h"
#include "services/personalize/pinned_rows.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

Result<engine::FilterExpression> Parsed(const Service& service, const std::string& filter_arn) {
  const auto filter = service.catalog.Find<api::Filter>(filter_arn);
  if (!filter) return filter.error();
  return engine::ParseFilter(filter->resource.filter_expression.value_or(""));
}

const recsys::Vocabulary& SubjectsOf(const engine::LoadedModel& model,
                                     const engine::FilterExpression& filter) {
  if (model.segments != nullptr) {
    return filter.target() == engine::FilterTarget::kUsers ? model.segments->users()
                                                           : model.segments->items();
  }
  return model.related != nullptr ? model.related->items() : model.model->items();
}

}  // namespace

Result<void> CheckBatchFilter(const Service& service, const std::string& filter_arn,
                              const api::SolutionVersion& version, const Recipe& recipe) {
  const auto filter = service.catalog.Find<api::Filter>(filter_arn);
  if (!filter) return filter.error();
  if (filter->resource.dataset_group_arn != version.dataset_group_arn) {
    return InvalidInput("filter " + filter_arn +
                        " belongs to another dataset group than solution " + "version " +
                        *version.solution_version_arn);
  }
  const auto parsed = engine::ParseFilter(filter->resource.filter_expression.value_or(""));
  if (!parsed) return parsed.error();
  const bool wants_users = recipe.type == kUserSegmentation;
  if ((parsed->target() == engine::FilterTarget::kUsers) != wants_users) {
    return InvalidInput("filter " + filter_arn + " is about " +
                        (wants_users ? "ItemID" : "UserID") + ", but this job needs one about " +
                        (wants_users ? "UserID" : "ItemID"));
  }
  if (wants_users && recipe.name == "aws-item-attribute-affinity" &&
      parsed->Uses(engine::FilterDataset::kInteractions)) {
    return InvalidInput("filter " + filter_arn +
                        " has a condition on Interactions, which recipe "
                        "aws-item-attribute-affinity does not take");
  }
  if (parsed->UsesCurrentItem() && recipe.type != kRelatedItems) {
    return InvalidInput("filter " + filter_arn +
                        " asks about CurrentItem, which only recipes of type RELATED_ITEMS have");
  }
  return {};
}

Result<Value> PinFilter(Service& service, const std::string& filter_arn,
                        const std::string& work_folder) {
  const auto filter = service.catalog.Find<api::Filter>(filter_arn);
  if (!filter) return filter.error();
  const auto parsed = Parsed(service, filter_arn);
  if (!parsed) return parsed.error();
  const auto datasets = service.catalog.ListAll<api::Dataset>(*filter->resource.dataset_group_arn);
  if (!datasets) return datasets.error();
  ValueMap pinned;
  pinned.Set("expression", *filter->resource.filter_expression);
  ValueList schemas;
  for (const auto& dataset : *datasets) {
    const std::string& type = *dataset.resource.dataset_type;
    const auto schema = service.catalog.Find<api::DatasetSchema>(*dataset.resource.schema_arn);
    if (!schema) return schema.error();
    ValueMap described;
    described.Set("schema", *schema->resource.schema);
    described.Set("domain", schema->resource.domain.value_or(""));
    schemas.emplace_back(std::move(described));
    if (type == "INTERACTIONS") {
      if (!parsed->Uses(engine::FilterDataset::kInteractions)) continue;
      const auto rows = PinInteractions(service, dataset, work_folder);
      if (!rows) return rows.error();
      ValueList files{rows->first};
      if (!rows->more.empty()) files.emplace_back(rows->more);
      pinned.Set("interactions", std::move(files));
      continue;
    }
    const std::string name = type == "ITEMS" ? "items" : "users";
    const std::string path = work_folder + "/" + name + ".parquet";
    const auto has_rows = PinRecords(service, dataset, path);
    if (!has_rows) return has_rows.error();
    if (*has_rows) pinned.Set(name, path);
  }
  pinned.Set("schemas", std::move(schemas));
  return Value(std::move(pinned));
}

Result<std::unique_ptr<const engine::ModelFilter>> ReadFilter(const Value& pinned,
                                                              const engine::LoadedModel& model) {
  std::string expression;
  std::vector<std::map<std::string, std::string>> schemas;
  std::vector<std::string> interactions;
  std::string items;
  std::string users;
  wire::ReadMember(pinned, "expression", expression);
  wire::ReadMember(pinned, "schemas", schemas);
  wire::ReadMember(pinned, "interactions", interactions);
  wire::ReadMember(pinned, "items", items);
  wire::ReadMember(pinned, "users", users);
  engine::FilterSchema known;
  for (auto& described : schemas) {
    const auto schema = ParseAvroSchema(described["schema"], described["domain"]);
    if (!schema) return schema.error();
    AddFilterFields(*schema, known);
  }
  auto parsed = engine::ParseFilter(expression);
  if (!parsed) return std::move(parsed).error();
  auto bound = engine::BindFilter(*std::move(parsed), known);
  if (!bound) return std::move(bound).error();
  engine::FilterSources sources;
  auto item_records = engine::RecordTable::Load(items, "ITEM_ID");
  if (!item_records) return std::move(item_records).error();
  sources.items = *std::move(item_records);
  auto user_records = engine::RecordTable::Load(users, "USER_ID");
  if (!user_records) return std::move(user_records).error();
  sources.users = *std::move(user_records);
  auto histories = engine::HistoryIndex::Load(interactions);
  if (!histories) return std::move(histories).error();
  sources.histories = *std::move(histories);
  const recsys::Vocabulary& subjects = SubjectsOf(model, *bound);
  return std::make_unique<const engine::ModelFilter>(*std::move(bound), subjects,
                                                     std::move(sources));
}

}  // namespace usher::personalize
