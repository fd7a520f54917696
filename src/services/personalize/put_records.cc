#include "services/personalize/put_records.h"

#include <utility>
#include <vector>

#include "services/personalize/schema_columns.h"

namespace usher::personalize {
namespace {

// A kind of record as both operations see it.
struct RecordKind {
  std::string_view type;       // of the dataset
  std::string_view id_column;  // filled from the id
  std::string_view list;       // member of the request
};
constexpr RecordKind kItems{"ITEMS", "ITEM_ID", "items"};
constexpr RecordKind kUsers{"USERS", "USER_ID", "users"};

Result<LiveRecord> ReadRecord(const AvroSchema& schema, const RecordKind& kind,
                              const std::string& id, const std::optional<std::string>& given,
                              const std::string& where) {
  LiveRecord record{.id = id, .columns = {}};
  if (given) {
    const auto properties = ParseProperties(*given, where + ".properties");
    if (!properties) return properties.error();
    for (const auto& [name, value] : *properties) {
      const std::string at = where + ".properties." + name;
      const SchemaField* field = FieldOfProperty(schema, name);
      if (!field || field->name == kind.id_column) {
        return InvalidInput(at +
                            " is no field of the dataset's schema that properties give; it has " +
                            FieldNames(schema));
      }
      auto column = ColumnValue(*field, value, at);
      if (!column) return std::move(column).error();
      if (!column->is_null()) record.columns.Set(field->name, *std::move(column));
    }
  }
  for (const SchemaField& field : schema.fields) {
    if (field.nullable || field.name == kind.id_column || record.columns.Find(field.name)) continue;
    return InvalidInput(where + " lacks a value for " + field.name +
                        ", which the dataset's schema does not let be null");
  }
  return record;
}

// `id` is the member of an element of the request's list.
template <typename Element>
Result<void> Put(Service& service, const RecordKind& kind, const std::string& dataset_arn,
                 const std::vector<Element>& elements, std::string Element::* id) {
  const auto dataset = service.live.ForWriting(dataset_arn);
  if (!dataset) return dataset.error();
  if ((*dataset)->type != kind.type) {
    return InvalidInput("dataset " + dataset_arn + " is of type " + (*dataset)->type + ", not " +
                        std::string(kind.type));
  }
  std::vector<LiveRecord> records;
  records.reserve(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::string where = std::string(kind.list) + "[" + std::to_string(i) + "]";
    auto record =
        ReadRecord((*dataset)->schema, kind, elements[i].*id, elements[i].properties, where);
    if (!record) return std::move(record).error();
    records.push_back(*std::move(record));
  }
  return (*dataset)->records->Put(EpochMillis(service.clock.Now()), records);
}

Error ActionsAreNotBuilt() {
  return InvalidInput(
      "actions are not supported by Usher: there are no Actions datasets and no recipe "
      "aws-next-best-action");
}

}  // namespace

Result<events_api::PutItemsResponse> PutItems(const events_api::PutItemsRequest& request,
                                              Service& service, wire::CallContext& /*context*/) {
  auto put = Put(service, kItems, request.dataset_arn, request.items, &events_api::Item::item_id);
  if (!put) return put.error();
  return events_api::PutItemsResponse{};
}

Result<events_api::PutUsersResponse> PutUsers(const events_api::PutUsersRequest& request,
                                              Service& service, wire::CallContext& /*context*/) {
  auto put = Put(service, kUsers, request.dataset_arn, request.users, &events_api::User::user_id);
  if (!put) return put.error();
  return events_api::PutUsersResponse{};
}

Result<events_api::PutActionsResponse> PutActions(const events_api::PutActionsRequest& /*request*/,
                                                  Service& /*service*/,
                                                  wire::CallContext& /*context*/) {
  return ActionsAreNotBuilt();
}

Result<events_api::PutActionInteractionsResponse> PutActionInteractions(
    const events_api::PutActionInteractionsRequest& /*request*/, Service& /*service*/,
    wire::CallContext& /*context*/) {
  return ActionsAreNotBuilt();
}

}  // namespace usher::personalize
