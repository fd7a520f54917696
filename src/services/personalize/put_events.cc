#include "services/personalize/put_events.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "columnar/csv_table.h"
#include "engine/recommend.h"
#include "services/personalize/schema_columns.h"

namespace usher::personalize {
namespace {

// What a call or an event says itself, so that properties may not.
constexpr std::array<std::string_view, 6> kNotProperties{
    "userId", "sessionId", "eventType", "timestamp", "recommendationId", "impression"};
// Columns that are filled from elsewhere than properties.
constexpr std::array<std::string_view, 8> kOwnColumns{
    "USER_ID",     "ITEM_ID",    "TIMESTAMP",         "EVENT_TYPE",
    "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"};

bool IsOneOf(std::string_view name, const auto& names) {
  return std::ranges::any_of(names,
                             [&](std::string_view other) { return EqualsIgnoreCase(name, other); });
}

// One property of an event: a column, or what older clients put here instead of beside it.
Result<void> TakeProperty(const AvroSchema& schema, const std::string& name, const Value& given,
                          const std::string& where, LiveEvent& event) {
  if (IsOneOf(name, kNotProperties)) {
    return InvalidInput(where + " is not a property: give it beside the properties");
  }
  if (EqualsIgnoreCase(name, "itemId")) {
    auto id = ColumnValue({.name = "ITEM_ID"}, given, where);
    if (!id) return id.error();
    if (event.item_id.empty()) event.item_id = *id->as_string();
    return {};
  }
  if (EqualsIgnoreCase(name, "eventValue")) {
    const auto value =
        ColumnValue({.name = "EVENT_VALUE", .type = FieldType::kDouble}, given, where);
    if (!value) return value.error();
    if (!event.value) event.value = *value->as_double();
    return {};
  }
  const SchemaField* field = FieldOfProperty(schema, name);
  if (!field || IsOneOf(field->name, kOwnColumns)) {
    return InvalidInput(where + " is no field of the Interactions schema, which has " +
                        FieldNames(schema));
  }
  auto value = ColumnValue(*field, given, where);
  if (!value) return value.error();
  if (!value->is_null()) event.columns.Set(field->name, *std::move(value));
  return {};
}

// Every column of the schema that may not be null has a value.
Result<void> CheckComplete(const AvroSchema& schema, const LiveEvent& event,
                           const std::string& where) {
  for (const SchemaField& field : schema.fields) {
    if (field.nullable) continue;
    const std::string& name = field.name;
    const bool missing = name == "EVENT_VALUE"                ? !event.value
                         : name == "RECOMMENDATION_ID"        ? !event.recommendation_id
                         : name == "EVENT_ATTRIBUTION_SOURCE" ? !event.attribution
                         : name == "IMPRESSION"               ? event.impression.empty()
                         : IsOneOf(name, kOwnColumns)         ? false
                                                              : !event.columns.Find(name);
    if (missing) {
      return InvalidInput(where + " lacks a value for " + name +
                          ", which the Interactions schema does not let be null");
    }
  }
  return {};
}

std::size_t BytesOf(const events_api::Event& event) {
  std::size_t bytes = event.event_type.size() + event.item_id.value_or("").size() +
                      event.event_id.value_or("").size() + event.properties.value_or("").size() +
                      event.recommendation_id.value_or("").size();
  if (event.metric_attribution) bytes += event.metric_attribution->event_attribution_source.size();
  if (event.impression) {
    for (const std::string& item : *event.impression) bytes += item.size();
  }
  return bytes;
}

Result<LiveEvent> ReadEvent(const AvroSchema& schema, const events_api::Event& given,
                            const std::string& where) {
  LiveEvent event{.item_id = given.item_id.value_or(""),
                  .type = given.event_type,
                  .sent_at_ms = EpochMillis(given.sent_at),
                  .value = given.event_value,
                  .event_id = given.event_id,
                  .recommendation_id = given.recommendation_id,
                  .impression = given.impression.value_or(std::vector<std::string>{}),
                  .attribution = std::nullopt,
                  .columns = {}};
  if (given.metric_attribution)
    event.attribution = given.metric_attribution->event_attribution_source;
  if (BytesOf(given) > kMaxEventBytes) {
    return InvalidInput(where + " has " + std::to_string(BytesOf(given)) + " bytes; at most " +
                        std::to_string(kMaxEventBytes) + " are taken");
  }
  if (event.sent_at_ms < 0 || event.sent_at_ms / 1000 > columnar::kMaxEpochSeconds) {
    return InvalidInput(where + ".sentAt is " + std::to_string(event.sent_at_ms / 1000) +
                        ", but times are in seconds since 1970, not in milliseconds");
  }
  if (event.value && !std::isfinite(*event.value)) {
    return InvalidInput(where + ".eventValue must be a finite number");
  }
  if (given.properties) {
    const auto properties = ParseProperties(*given.properties, where + ".properties");
    if (!properties) return properties.error();
    for (const auto& [name, value] : *properties) {
      auto taken = TakeProperty(schema, name, value, where + ".properties." + name, event);
      if (!taken) return taken.error();
    }
  }
  if (event.item_id.empty()) {
    return InvalidInput(where + " has no itemId: an interaction is one with an item");
  }
  if (event.item_id.size() > engine::kMaxIdBytes) {
    return InvalidInput(where + " has an itemId of more than " +
                        std::to_string(engine::kMaxIdBytes) + " bytes");
  }
  if (auto complete = CheckComplete(schema, event, where); !complete) return complete.error();
  return event;
}

}  // namespace

Result<events_api::PutEventsResponse> PutEvents(const events_api::PutEventsRequest& request,
                                                Service& service, wire::CallContext& /*context*/) {
  const auto dataset = service.live.OfTracker(request.tracking_id);
  if (!dataset) return dataset.error();
  std::vector<LiveEvent> events;
  events.reserve(request.event_list.size());
  for (std::size_t i = 0; i < request.event_list.size(); ++i) {
    const std::string where = "eventList[" + std::to_string(i) + "]";
    auto event = ReadEvent((*dataset)->schema, request.event_list[i], where);
    if (!event) return std::move(event).error();
    events.push_back(*std::move(event));
  }
  auto put = (*dataset)->interactions->Put(
      EpochMillis(service.clock.Now()), request.user_id.value_or(""), request.session_id, events);
  if (!put) return put.error();
  return events_api::PutEventsResponse{};
}

}  // namespace usher::personalize
