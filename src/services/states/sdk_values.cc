#include "services/states/sdk_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "base/byte_source.h"
#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"
#include "services/states/execution.h"
#include "services/states/language/choice_rule.h"

namespace usher::states {
namespace {

using wire::Member;
using wire::Shape;
using wire::ShapeKind;

constexpr std::string_view kComputed = ".$";

Error NotSupported(const Shape& shape, std::string_view name) {
  std::string known;
  for (const Member& member : shape.members) {
    known += (known.empty() ? "" : ", ") + SdkName(member.name);
  }
  return InvalidInput("The field \"" + std::string(name.substr(0, 128)) +
                      "\" is not supported by Step Functions" +
                      (known.empty() ? "" : ": known are " + known));
}

Error WrongKind(std::string_view at, std::string_view wanted, const Value& value) {
  return InvalidInput("The value of '" + std::string(at) + "' must be " + std::string(wanted) +
                      ", not " + json::Write(value).substr(0, 128));
}

// A text, as it is, or the JSON of what is none: definitions give startSyncExecution's Input, a
// text, as an object.
Result<std::string> TextOf(const Value& value, std::string_view at) {
  if (value.as_string()) return *value.as_string();
  if (!value.is_null()) return json::Write(value);
  return WrongKind(at, "a string", value);
}

Result<Value> NumberOf(const Shape& shape, const Value& value, std::string_view at) {
  const bool whole = shape.kind == ShapeKind::kInteger || shape.kind == ShapeKind::kLong;
  Value number = value;
  if (value.as_string()) {
    auto parsed = json::Parse(Trim(*value.as_string()));
    if (parsed) number = *std::move(parsed);
  }
  if (whole) {
    if (number.as_int()) return number;
    const double* real = number.as_double();
    if (real && *real == std::floor(*real) && std::abs(*real) < 9e15) {
      return Value(static_cast<std::int64_t>(*real));
    }
    return WrongKind(at, "a whole number", value);
  }
  if (number.as_double()) return number;
  if (number.as_int()) return Value(static_cast<double>(*number.as_int()));
  return WrongKind(at, "a number", value);
}

Result<Value> TimeOf(const Value& value, std::string_view at) {
  if (value.as_string()) {
    const auto millis = ParseTimestamp(*value.as_string());
    if (millis) return Value(FromEpochMillis(*millis));
  }
  std::optional<double> seconds;
  if (value.as_int()) seconds = static_cast<double>(*value.as_int());
  if (value.as_double()) seconds = *value.as_double();
  if (seconds && std::abs(*seconds) < 1e12) {
    return Value(FromEpochMillis(std::llround(*seconds * 1000)));
  }
  return WrongKind(at, "a time such as 2030-01-31T12:00:00Z", value);
}

std::string BytesOf(const Value& value) {
  return value.as_string() ? *value.as_string() : json::Write(value);
}

Result<Value> Convert(const Shape& shape, const Value& value, const std::string& at);

Result<Value> ConvertStructure(const Shape& shape, const Value& value, const std::string& at) {
  const ValueMap* map = value.as_map();
  if (!map) return WrongKind(at.empty() ? "Parameters" : at, "an object", value);
  ValueMap converted;
  for (const auto& [name, given] : *map) {
    const Member* member = FindSdkMember(shape, name);
    if (!member) return NotSupported(shape, name);
    if (given.is_null()) continue;
    if (member->streaming) {
      converted.Append(std::string(member->name),
                       Stream(std::make_shared<StringSource>(BytesOf(given))));
      continue;
    }
    auto made = Convert(*member->shape, given, at.empty() ? name : at + "." + name);
    if (!made) return made;
    converted.Append(std::string(member->name), *std::move(made));
  }
  return Value(std::move(converted));
}

Result<Value> Convert(const Shape& shape, const Value& value, const std::string& at) {
  if (shape.is_document) return value;
  switch (shape.kind) {
    case ShapeKind::kStructure:
      return ConvertStructure(shape, value, at);
    case ShapeKind::kList: {
      if (!value.as_list()) return WrongKind(at, "an array", value);
      ValueList list;
      for (const Value& element : *value.as_list()) {
        auto made = Convert(*shape.element->shape, element, at);
        if (!made) return made;
        list.push_back(*std::move(made));
      }
      return Value(std::move(list));
    }
    case ShapeKind::kMap: {
      if (!value.as_map()) return WrongKind(at, "an object", value);
      ValueMap map;
      for (const auto& [key, element] : *value.as_map()) {
        auto made = Convert(*shape.value->shape, element, at + "." + key);
        if (!made) return made;
        map.Append(key, *std::move(made));
      }
      return Value(std::move(map));
    }
    case ShapeKind::kString: {
      auto text = TextOf(value, at);
      if (!text) return text.error();
      return Value(*std::move(text));
    }
    case ShapeKind::kInteger:
    case ShapeKind::kLong:
    case ShapeKind::kFloat:
    case ShapeKind::kDouble:
      return NumberOf(shape, value, at);
    case ShapeKind::kBoolean: {
      if (value.as_bool()) return value;
      const std::string text = value.as_string() ? AsciiLower(*value.as_string()) : "";
      if (text == "true" || text == "false") return Value(text == "true");
      return WrongKind(at, "true or false", value);
    }
    case ShapeKind::kTimestamp:
      return TimeOf(value, at);
    case ShapeKind::kBlob:
      return Value(Blob{BytesOf(value)});
  }
  return value;
}

Error TooLarge() {
  return StatesError(kDataLimitExceeded,
                     "The answer has more than " + std::to_string(kMaxDataBytes) + " bytes.");
}

// Bytes that are no text are given as base64.
Value TextOfBytes(std::string bytes) {
  return IsUtf8(bytes) ? Value(std::move(bytes)) : Value(Base64Encode(bytes));
}

}  // namespace

std::string SdkName(std::string_view member) {
  std::string name(member);
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
  }
  return name;
}

const Member* FindSdkMember(const Shape& structure, std::string_view name) {
  const auto found = std::ranges::find_if(
      structure.members, [&](const Member& member) { return SdkName(member.name) == name; });
  return found == structure.members.end() ? nullptr : &*found;
}

Result<void> CheckSdkTemplate(const Shape& shape, const Value& value) {
  if (shape.is_document) return {};
  const ValueMap* map = value.as_map();
  if (shape.kind == ShapeKind::kStructure && map) {
    for (const auto& [name, given] : *map) {
      const bool computed = name.ends_with(kComputed);
      const std::string_view plain =
          computed ? std::string_view(name).substr(0, name.size() - kComputed.size()) : name;
      const Member* member = FindSdkMember(shape, plain);
      if (!member) return NotSupported(shape, plain);
      if (computed || member->streaming) continue;
      if (const auto fits = CheckSdkTemplate(*member->shape, given); !fits) return fits;
    }
  } else if (shape.kind == ShapeKind::kList && value.as_list()) {
    for (const Value& element : *value.as_list()) {
      if (const auto fits = CheckSdkTemplate(*shape.element->shape, element); !fits) return fits;
    }
  } else if (shape.kind == ShapeKind::kMap && map) {
    for (const auto& [key, element] : *map) {
      if (key.ends_with(kComputed)) continue;
      if (const auto fits = CheckSdkTemplate(*shape.value->shape, element); !fits) return fits;
    }
  }
  return {};
}

Result<Value> ToOperation(const Shape& shape, const Value& value) {
  return Convert(shape, value, "");
}

Result<Value> FromOperation(const Shape& shape, const Value& value) {
  if (const Time* time = value.as_time()) return Value(FormatIso8601(*time));
  if (const Blob* blob = value.as_blob()) {
    if (blob->bytes.size() > kMaxDataBytes) return TooLarge();
    return TextOfBytes(blob->bytes);
  }
  if (const Stream* stream = value.as_stream()) {
    if (!*stream) return Value();
    auto bytes = ReadAll(**stream, kMaxDataBytes);
    if (!bytes) return TooLarge();
    return TextOfBytes(*std::move(bytes));
  }
  if (shape.is_document) return value;
  if (const ValueList* list = value.as_list(); list && shape.element) {
    ValueList converted;
    for (const Value& element : *list) {
      auto made = FromOperation(*shape.element->shape, element);
      if (!made) return made;
      converted.push_back(*std::move(made));
    }
    return Value(std::move(converted));
  }
  const ValueMap* map = value.as_map();
  if (!map) return value;
  ValueMap converted;
  for (const auto& [name, element] : *map) {
    const Shape* below = shape.kind == ShapeKind::kMap ? shape.value->shape : nullptr;
    if (shape.kind == ShapeKind::kStructure) {
      const auto member = std::ranges::find(shape.members, name, &Member::name);
      if (member != shape.members.end()) below = member->shape;
    }
    if (!below || element.is_null()) continue;
    auto made = FromOperation(*below, element);
    if (!made) return made;
    converted.Append(shape.kind == ShapeKind::kMap ? name : SdkName(name), *std::move(made));
  }
  return Value(std::move(converted));
}

}  // namespace usher::states
