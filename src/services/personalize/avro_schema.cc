#include "services/personalize/avro_schema.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "json/json.h"

namespace usher::personalize {
namespace {

constexpr std::size_t kMaxFieldName = 150;

struct TypeName {
  std::string_view name;
  FieldType type;
};
constexpr std::array kTypeNames = {
    TypeName{"string", FieldType::kString}, TypeName{"int", FieldType::kInt},
    TypeName{"long", FieldType::kLong},     TypeName{"float", FieldType::kFloat},
    TypeName{"double", FieldType::kDouble}, TypeName{"boolean", FieldType::kBoolean}};

struct RecordName {
  std::string_view record;
  std::string_view dataset_type;
};
constexpr std::array kRecordNames = {RecordName{"Interactions", "INTERACTIONS"},
                                     RecordName{"Items", "ITEMS"}, RecordName{"Users", "USERS"},
                                     RecordName{"Actions", "ACTIONS"},
                                     RecordName{"ActionInteractions", "ACTION_INTERACTIONS"}};

enum class Categorical { kNo, kYes };

// A field whose type the service fixes.
struct Reserved {
  std::string_view name;
  FieldType type;
  bool required = false;
  bool may_be_null = false;
  Categorical categorical = Categorical::kNo;
  bool textual = false;
  FieldType other_type = type;  // the documentation names two types for one field: both are taken
};

using enum FieldType;
constexpr Categorical kCategory = Categorical::kYes;

constexpr Reserved kInteractions[] = {{"USER_ID", kString, true},
                                      {"ITEM_ID", kString, true},
                                      {"TIMESTAMP", kLong, true},
                                      {"EVENT_TYPE", kString, false, true},
                                      {"EVENT_VALUE", kFloat, false, true},
                                      {"IMPRESSION", kString, false, true},
                                      {"RECOMMENDATION_ID", kString, false, true},
                                      {"EVENT_ATTRIBUTION_SOURCE", kString, false, true}};
constexpr Reserved kDomainInteractions[] = {{"EVENT_TYPE", kString, true}};
constexpr Reserved kUsers[] = {{"USER_ID", kString, true}};
constexpr Reserved kVideoUsers[] = {{"SUBSCRIPTION_MODEL", kString, false, true, kCategory}};
constexpr Reserved kItems[] = {{"ITEM_ID", kString, true},
                               {"CREATION_TIMESTAMP", kLong, false, true}};
constexpr Reserved kShopItems[] = {
    {"PRICE", kFloat, true},
    {"CATEGORY_L1", kString, true, false, kCategory},
    {"CATEGORY_L2", kString, false, true, kCategory},
    {"CATEGORY_L3", kString, false, true, kCategory},
    {"PRODUCT_DESCRIPTION", kString, false, true, Categorical::kNo, true},
    {"CREATION_TIMESTAMP", kLong, false, true, Categorical::kNo, false, kFloat},
    {"AGE_GROUP", kString, false, true, kCategory},
    {"ADULT", kString, false, true, kCategory},
    {"GENDER", kString, false, true, kCategory}};
constexpr Reserved kVideoItems[] = {
    {"CREATION_TIMESTAMP", kLong, true},
    {"GENRES", kString, true, false, kCategory},
    {"PRICE", kFloat, false, true},
    {"DURATION", kFloat, false, true},
    {"GENRE_L2", kString, false, true, kCategory},
    {"GENRE_L3", kString, false, true, kCategory},
    {"AVERAGE_RATING", kFloat, false, true},
    {"PRODUCT_DESCRIPTION", kString, false, true, Categorical::kNo, true},
    {"CONTENT_OWNER", kString, false, true, kCategory},
    {"CONTENT_CLASSIFICATION", kString, false, true, kCategory}};
constexpr Reserved kActions[] = {{"ACTION_ID", kString, true},
                                 {"CREATION_TIMESTAMP", kLong, false, true},
                                 {"VALUE", kLong, false, true},
                                 {"REPEAT_FREQUENCY", kLong, false, true},
                                 {"EXPIRATION_TIMESTAMP", kLong, false, true},
                                 {"ACTION_EXPIRATION_TIMESTAMP", kLong, false, true}};
constexpr Reserved kActionInteractions[] = {
    {"USER_ID", kString, true},           {"ACTION_ID", kString, true},
    {"EVENT_TYPE", kString, true},        {"TIMESTAMP", kLong, true},
    {"IMPRESSION", kString, false, true}, {"RECOMMENDATION_ID", kString, false, true}};

// What the service says of one dataset type in one domain.
struct Rules {
  std::vector<Reserved> reserved;
  std::size_t max_metadata = 0;  // fields that are not reserved
  bool needs_metadata = false;   // at least one field beside the id
};

Rules RulesFor(std::string_view type, std::string_view domain) {
  Rules rules;
  const auto add = [&](std::span<const Reserved> fields) {
    for (const Reserved& field : fields) {
      std::erase_if(rules.reserved, [&](const Reserved& old) { return old.name == field.name; });
      rules.reserved.push_back(field);
    }
  };
  if (type == "INTERACTIONS") {
    add(kInteractions);
    if (!domain.empty()) add(kDomainInteractions);
    rules.max_metadata = 5;
  } else if (type == "USERS") {
    add(kUsers);
    if (domain == "VIDEO_ON_DEMAND") add(kVideoUsers);
    rules.max_metadata = 25;
    rules.needs_metadata = true;
  } else if (type == "ITEMS") {
    add(kItems);
    if (domain == "ECOMMERCE") add(kShopItems);
    if (domain == "VIDEO_ON_DEMAND") add(kVideoItems);
    rules.max_metadata = 100;
    rules.needs_metadata = true;
  } else if (type == "ACTIONS") {
    add(kActions);
    rules.max_metadata = 10;
    rules.needs_metadata = true;
  } else {
    add(kActionInteractions);
    rules.max_metadata = 5;
  }
  return rules;
}

Error Bad(std::string message) {
  return InvalidInput("The schema is not valid: " + std::move(message));
}

// Adds what one type name says to the field: a type or "null".
Result<void> ReadTypeName(const Value& value, SchemaField& field, bool& typed) {
  const std::string* name = value.as_string();
  if (!name) {
    return Bad("field '" + field.name +
               "' must have a simple type; records, arrays, maps and enums are not supported");
  }
  if (*name == "null") {
    field.nullable = true;
    return {};
  }
  const auto known = std::ranges::find(kTypeNames, *name, &TypeName::name);
  if (known == kTypeNames.end()) {
    return Bad("field '" + field.name + "' has unknown type '" + *name +
               "'; accepted are: string, int, long, float, double, boolean, and null in a union");
  }
  if (typed)
    return Bad("field '" + field.name + "' may have one type, alone or in a union with null");
  field.type = known->type;
  typed = true;
  return {};
}

Result<void> ReadType(const Value& type, SchemaField& field) {
  bool typed = false;
  if (const ValueList* list = type.as_list()) {
    for (const Value& entry : *list) {
      if (auto read = ReadTypeName(entry, field, typed); !read) return read;
    }
  } else if (auto read = ReadTypeName(type, field, typed); !read) {
    return read;
  }
  if (!typed) return Bad("field '" + field.name + "' has no type but null");
  return {};
}

Result<bool> ReadFlag(const Value& entry, std::string_view name, const SchemaField& field) {
  const Value* value = entry.Find(name);
  if (!value) return false;
  if (const bool* flag = value->as_bool()) return *flag;
  return Bad("'" + std::string(name) + "' of field '" + field.name + "' must be true or false");
}

bool IsFieldName(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && name.size() <= kMaxFieldName && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<SchemaField> ReadField(const Value& entry) {
  const Value* name = entry.Find("name");
  const Value* type = entry.Find("type");
  if (!name || !name->as_string() || !type) return Bad("each field needs a 'name' and a 'type'");
  SchemaField field{.name = *name->as_string()};
  if (!IsFieldName(field.name)) {
    return Bad("field name '" + field.name +
               "' must begin with a letter or '_' and hold letters, digits and '_' only, at most " +
               std::to_string(kMaxFieldName));
  }
  if (auto read = ReadType(*type, field); !read) return read.error();
  struct Flag {
    std::string_view name;
    bool SchemaField::* member;
  };
  for (const Flag& flag :
       {Flag{"categorical", &SchemaField::categorical}, Flag{"textual", &SchemaField::textual},
        Flag{"itemName", &SchemaField::item_name}}) {
    const auto value = ReadFlag(entry, flag.name, field);
    if (!value) return value.error();
    if (*value && field.type != kString) {
      return Bad("field '" + field.name + "' is '" + std::string(flag.name) +
                 "', which only a string can be");
    }
    field.*flag.member = *value;
  }
  return field;
}

// Field names must differ by more than case and punctuation.
std::string Essence(std::string_view name) {
  std::string essence;
  for (const char c : AsciiUpper(name)) {
    if (c != '_') essence += c;
  }
  return essence;
}

Result<void> CheckUnique(const std::vector<SchemaField>& fields) {
  std::vector<std::string> seen;
  for (const SchemaField& field : fields) {
    std::string essence = Essence(field.name);
    if (std::ranges::find(seen, essence) != seen.end()) {
      return Bad("field name '" + field.name +
                 "' differs from another only by case or punctuation");
    }
    seen.push_back(std::move(essence));
  }
  return {};
}

Result<void> CheckReserved(const SchemaField& field, const Reserved& rule) {
  if (field.type != rule.type && field.type != rule.other_type) {
    return Bad("field '" + field.name + "' must be of type " +
               std::string(FieldTypeName(rule.type)) + ", not " +
               std::string(FieldTypeName(field.type)));
  }
  if (field.nullable && !rule.may_be_null)
    return Bad("field '" + field.name + "' must not be null");
  if (rule.categorical == Categorical::kYes && !field.categorical) {
    return Bad("field '" + field.name + "' must be categorical");
  }
  if (rule.categorical == Categorical::kNo && field.categorical) {
    return Bad("field '" + field.name + "' must not be categorical");
  }
  if (rule.textual && !field.textual) return Bad("field '" + field.name + "' must be textual");
  return {};
}

Result<void> CheckRules(const AvroSchema& schema, std::string_view domain) {
  const Rules rules = RulesFor(schema.dataset_type, domain);
  std::size_t metadata = 0;
  std::size_t textual = 0;
  for (const SchemaField& field : schema.fields) {
    if (field.textual && schema.dataset_type != "ITEMS") {
      return Bad("field '" + field.name + "' is 'textual', which only a field of Items can be");
    }
    if (field.item_name && schema.dataset_type != "ITEMS") {
      return Bad("field '" + field.name + "' is 'itemName', which only a field of Items can be");
    }
    textual += field.textual;
    const auto rule = std::ranges::find(rules.reserved, field.name, &Reserved::name);
    if (rule == rules.reserved.end()) {
      ++metadata;
    } else if (auto kept = CheckReserved(field, *rule); !kept) {
      return kept;
    }
  }
  for (const Reserved& rule : rules.reserved) {
    const bool present = std::ranges::any_of(
        schema.fields, [&](const SchemaField& field) { return field.name == rule.name; });
    if (rule.required && !present) {
      return Bad("required field '" + std::string(rule.name) + "' of type " +
                 std::string(FieldTypeName(rule.type)) + " is missing");
    }
  }
  if (textual > 1) return Bad("at most one field may be textual");
  if (metadata > rules.max_metadata) {
    return Bad("it has " + std::to_string(metadata) + " metadata fields; at most " +
               std::to_string(rules.max_metadata) + " are accepted");
  }
  if (rules.needs_metadata && schema.fields.size() < 2)
    return Bad("at least one field beside the id is needed");
  return {};
}

}  // namespace

const SchemaField* AvroSchema::Find(std::string_view name) const {
  const auto at = std::ranges::find_if(
      fields, [&](const SchemaField& field) { return EqualsIgnoreCase(field.name, name); });
  return at == fields.end() ? nullptr : &*at;
}

std::string_view FieldTypeName(FieldType type) {
  return std::ranges::find(kTypeNames, type, &TypeName::type)->name;
}

Result<AvroSchema> ParseAvroSchema(std::string_view json, std::string_view domain) {
  const auto document = json::Parse(json, kMaxSchemaDepth);
  if (!document) return Bad("it is not JSON: " + document.error().message);
  const Value* type = document->Find("type");
  if (!type || !type->as_string() || *type->as_string() != "record")
    return Bad("its 'type' must be \"record\"");
  const Value* name = document->Find("name");
  if (!name || !name->as_string()) return Bad("it has no 'name'");
  const auto record = std::ranges::find(kRecordNames, *name->as_string(), &RecordName::record);
  if (record == kRecordNames.end()) {
    return Bad("its 'name' is '" + *name->as_string() +
               "', but must be one of Interactions, Items, Users, Actions, ActionInteractions");
  }
  AvroSchema schema{.dataset_type = std::string(record->dataset_type), .fields = {}};
  if (!domain.empty() && schema.dataset_type.starts_with("ACTION")) {
    return Bad(*name->as_string() + " are for dataset groups without a domain");
  }
  const Value* fields = document->Find("fields");
  if (!fields || !fields->as_list() || fields->as_list()->empty()) return Bad("it has no 'fields'");
  for (const Value& entry : *fields->as_list()) {
    auto field = ReadField(entry);
    if (!field) return std::move(field).error();
    schema.fields.push_back(std::move(*field));
  }
  if (auto unique = CheckUnique(schema.fields); !unique) return unique.error();
  if (auto kept = CheckRules(schema, domain); !kept) return kept.error();
  return schema;
}

}  // namespace usher::personalize
