#include "services/personalize/schema_columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/text.h"
#include "columnar/csv_table.h"
#include "engine/import.h"
#include "json/json.h"

namespace usher::personalize {
namespace {

constexpr std::size_t kMaxPropertiesDepth = 8;
constexpr std::array<std::string_view, 2> kTimes{"TIMESTAMP", "CREATION_TIMESTAMP"};

std::string Shown(const Value& value) {
  constexpr std::size_t kShownBytes = 60;
  std::string text = json::Write(value);
  return text.size() <= kShownBytes ? text : text.substr(0, kShownBytes) + "…";
}

// Letters and digits in lower case: what "numRatings" and "NUM_RATINGS" have in common.
std::string Folded(std::string_view name) {
  std::string folded = AsciiLower(name);
  std::erase(folded, '_');
  return folded;
}

std::optional<double> NumberOf(const Value& given) {
  if (given.as_int()) return static_cast<double>(*given.as_int());
  if (given.as_double()) return *given.as_double();
  const std::string* text = given.as_string();
  if (!text) return std::nullopt;
  double number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> WholeOf(const Value& given) {
  if (given.as_int()) return *given.as_int();
  if (const std::string* text = given.as_string()) {
    std::int64_t number = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, number);
    if (error == std::errc() && stop == end) return number;
  }
  constexpr double kExact = 9007199254740992;  // 2^53
  const auto number = NumberOf(given);
  if (!number || std::abs(*number) > kExact || *number != std::floor(*number)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first `count` characters of UTF-8.
std::string_view FirstCharacters(std::string_view text, std::size_t count) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((text[at] & 0xC0) != 0x80 && count-- == 0) return text.substr(0, at);
  }
  return text;
}

Result<Value> TextValue(const SchemaField& field, const Value& given, const std::string& where) {
  std::string text;
  if (given.as_string()) {
    text = *given.as_string();
  } else if (given.as_int() || given.as_double() || given.as_bool()) {
    text = json::Write(given);
  } else {
    return InvalidInput(where + " is " + Shown(given) +
                        ", but must be a string; several values are joined by '|'");
  }
  if (field.textual) return Value(FirstCharacters(text, engine::kMaxImportTextCharacters));
  if (CountCharacters(text) > engine::kMaxImportStringCharacters) {
    return InvalidInput(where + " has more than " +
                        std::to_string(engine::kMaxImportStringCharacters) +
                        " characters, the most that field " + field.name + " takes");
  }
  return Value(std::move(text));
}

Result<Value> WholeValue(const SchemaField& field, const Value& given, const std::string& where) {
  const auto number = WholeOf(given);
  const bool small = field.type == FieldType::kInt;
  if (!number || (small && (*number < std::numeric_limits<std::int32_t>::min() ||
                            *number > std::numeric_limits<std::int32_t>::max()))) {
    return InvalidInput(where + " is " + Shown(given) + ", but field " + field.name + " is " +
                        (small ? "an int" : "a long"));
  }
  if (std::ranges::find(kTimes, field.name) != kTimes.end() &&
      (*number < 0 || *number > columnar::kMaxEpochSeconds)) {
    return InvalidInput(where + " is " + Shown(given) +
                        ", but times are in seconds since 1970, not in milliseconds");
  }
  return Value(*number);
}

}  // namespace

columnar::ColumnType ColumnTypeOf(FieldType type) {
  switch (type) {
    case FieldType::kString:
      return columnar::ColumnType::kString;
    case FieldType::kInt:
      return columnar::ColumnType::kInt32;
    case FieldType::kLong:
      return columnar::ColumnType::kInt64;
    case FieldType::kFloat:
      return columnar::ColumnType::kFloat;
    case FieldType::kDouble:
      return columnar::ColumnType::kDouble;
    case FieldType::kBoolean:
      return columnar::ColumnType::kBool;
  }
  return columnar::ColumnType::kString;
}

std::vector<columnar::ColumnSpec> ColumnsOf(const AvroSchema& schema) {
  std::vector<columnar::ColumnSpec> specs;
  for (const SchemaField& field : schema.fields) {
    specs.push_back({field.name, ColumnTypeOf(field.type), field.nullable});
  }
  return specs;
}

const SchemaField* FieldOfProperty(const AvroSchema& schema, std::string_view name) {
  if (const SchemaField* field = schema.Find(name)) return field;
  const std::string folded = Folded(name);
  for (const SchemaField& field : schema.fields) {
    if (Folded(field.name) == folded) return &field;
  }
  return nullptr;
}

Result<Value> ColumnValue(const SchemaField& field, const Value& given, const std::string& where) {
  if (given.is_null()) {
    if (field.nullable) return Value();
    return InvalidInput(where + " is null, which field " + field.name + " may not be");
  }
  switch (field.type) {
    case FieldType::kString:
      return TextValue(field, given, where);
    case FieldType::kInt:
    case FieldType::kLong:
      return WholeValue(field, given, where);
    case FieldType::kFloat:
    case FieldType::kDouble: {
      const auto number = NumberOf(given);
      if (number) return Value(*number);
      return InvalidInput(where + " is " + Shown(given) + ", but field " + field.name + " is a " +
                          std::string(FieldTypeName(field.type)));
    }
    case FieldType::kBoolean: {
      if (given.as_bool()) return given;
      if (given.as_string() && EqualsIgnoreCase(*given.as_string(), "true")) return Value(true);
      if (given.as_string() && EqualsIgnoreCase(*given.as_string(), "false")) return Value(false);
      return InvalidInput(where + " is " + Shown(given) + ", but field " + field.name +
                          " is a boolean");
    }
  }
  return Internal("a field has an unknown type");
}

Result<ValueMap> ParseProperties(std::string_view json, const std::string& where) {
  auto parsed = json::Parse(json, kMaxPropertiesDepth);
  if (!parsed) {
    return InvalidInput(where + " must be the text of a JSON object, such as " +
                        R"({"numRatings":"12"}: )" + parsed.error().message);
  }
  if (!parsed->as_map()) {
    return InvalidInput(where + " must be the text of a JSON object, such as " +
                        R"({"numRatings":"12"}, but is )" + Shown(*parsed));
  }
  return *parsed->as_map();
}

std::string FieldNames(const AvroSchema& schema) {
  std::string names;
  for (const SchemaField& field : schema.fields) names += (names.empty() ? "" : ", ") + field.name;
  return names;
}

}  // namespace usher::personalize
