#include "wire/json_body.h"

#include <cmath>

#include "base/encoding.h"
#include "json/json.h"
#include "wire/member_finder.h"
#include "wire/scalar_text.h"

namespace usher::wire {
namespace {

// Where we are in the document, kept on the stack and written out only for an error.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;
  std::size_t index = 0;  // of a list, when the name is empty

  [[nodiscard]] std::string Text() const {
    const std::string step = name.empty() ? std::to_string(index) : std::string(name);
    return parent ? parent->Text() + "." + step : step;
  }
};

Error Serialization(std::string message) {
  return Named("SerializationException", ErrorCode::kInvalidInput, std::move(message), 400);
}

std::string_view KindOf(const Value& json) {
  if (json.is_null()) return "null";
  if (json.as_bool()) return "a boolean";
  if (json.as_string()) return "a string";
  if (json.as_list()) return "a list";
  if (json.as_map()) return "an object";
  return "a number";
}

Error Expected(std::string_view what, const Value& json, const Path* path) {
  return Serialization((path ? "'" + path->Text() + "'" : std::string("the body")) + " must be " +
                       std::string(what) + ", got " + std::string(KindOf(json)));
}

Result<Value> Decode(const Shape& shape, Value&& json, const Path* path);

Result<Value> DecodeStructure(const Shape& shape, Value&& json, const Path* path,
                              BodyMembers which) {
  if (shape.is_document) return std::move(json);
  ValueMap* object = json.as_map();
  if (!object) return Expected("an object", json, path);
  ValueMap result;
  result.reserve(object->size());
  MemberFinder members(shape);
  for (auto& [name, value] : *object) {
    if (value.is_null()) continue;
    const Member* member = members.ByWireName(name);
    if (!member) continue;
    if (which == BodyMembers::kUnbound && member->location != Location::kBody) continue;
    const Path here{path, name};
    auto decoded = Decode(*member->shape, std::move(value), &here);
    if (!decoded) return decoded;
    result.Append(std::string(member->name), *std::move(decoded));
  }
  if (shape.is_union && result.size() > 1) {
    return Serialization("'" + (path ? path->Text() : std::string("the body")) +
                         "' must have one member only");
  }
  return Value(std::move(result));
}

Result<Value> DecodeList(const Shape& shape, Value&& json, const Path* path) {
  ValueList* list = json.as_list();
  if (!list) return Expected("a list", json, path);
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Path here{path, {}, i};
    auto decoded = Decode(*shape.element->shape, std::move((*list)[i]), &here);
    if (!decoded) return decoded;
    (*list)[i] = *std::move(decoded);
  }
  return std::move(json);
}

Result<Value> DecodeMap(const Shape& shape, Value&& json, const Path* path) {
  ValueMap* map = json.as_map();
  if (!map) return Expected("an object", json, path);
  for (auto& [key, value] : *map) {
    const Path here{path, key};
    auto decoded = Decode(*shape.value->shape, std::move(value), &here);
    if (!decoded) return decoded;
    value = *std::move(decoded);
  }
  return std::move(json);
}

Result<Value> DecodeInteger(const Shape& shape, const Value& json, const Path* path) {
  std::int64_t number = 0;
  if (const std::int64_t* whole = json.as_int()) {
    number = *whole;
  } else if (const double* real = json.as_double();
             real && std::trunc(*real) == *real && std::abs(*real) < 0x1p63) {
    number = static_cast<std::int64_t>(*real);  // 1.0 and 1e3 are integers too
  } else {
    return Expected("an integer", json, path);
  }
  if (!IntegerFits(shape, number)) return Expected("an integer of 32 bits", json, path);
  return Value(number);
}

Result<Value> DecodeFloat(const Value& json, const Path* path) {
  if (const double* real = json.as_double()) return Value(*real);
  if (const std::int64_t* whole = json.as_int()) return Value(static_cast<double>(*whole));
  if (const std::string* text = json.as_string()) {
    if (const auto named = ParseFloatName(*text)) return Value(*named);
  }
  return Expected("a number", json, path);
}

Result<Value> DecodeTime(const Value& json, const Path* path) {
  if (json.as_time()) return json;
  Result<Time> time = InvalidInput("must be a time");
  if (const std::int64_t* whole = json.as_int()) time = ToTime(static_cast<double>(*whole));
  if (const double* real = json.as_double()) time = ToTime(*real);
  if (const std::string* text = json.as_string()) time = ParseTimeText(*text);
  if (!time) return Expected("a time", json, path);
  return Value(*time);
}

Result<Value> Decode(const Shape& shape, Value&& json, const Path* path) {
  switch (shape.kind) {
    case ShapeKind::kStructure:
      return DecodeStructure(shape, std::move(json), path, BodyMembers::kAll);
    case ShapeKind::kList:
      return DecodeList(shape, std::move(json), path);
    case ShapeKind::kMap:
      return DecodeMap(shape, std::move(json), path);
    case ShapeKind::kString:
      if (!json.as_string()) return Expected("a string", json, path);
      return std::move(json);
    case ShapeKind::kInteger:
    case ShapeKind::kLong:
      return DecodeInteger(shape, json, path);
    case ShapeKind::kFloat:
    case ShapeKind::kDouble:
      return DecodeFloat(json, path);
    case ShapeKind::kBoolean:
      if (!json.as_bool()) return Expected("a boolean", json, path);
      return std::move(json);
    case ShapeKind::kTimestamp:
      return DecodeTime(json, path);
    case ShapeKind::kBlob: {
      if (json.as_blob()) return std::move(json);
      const std::string* text = json.as_string();
      auto bytes = text ? Base64Decode(*text) : Result<std::string>(InvalidInput(""));
      if (!bytes) return Expected("base64 text", json, path);
      return Value(Blob{*std::move(bytes)});
    }
  }
  return Expected("of a known shape", json, path);
}

void AppendStructure(std::string& out, const Shape& shape, const Value& value, BodyMembers which);

void AppendValue(std::string& out, const Member& member, const Value& value) {
  const Shape& shape = *member.shape;
  if (const ValueList* list = value.as_list(); list && shape.kind == ShapeKind::kList) {
    out += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) out += ',';
      AppendValue(out, *shape.element, (*list)[i]);
    }
    out += ']';
  } else if (const ValueMap* map = value.as_map(); map && shape.kind == ShapeKind::kMap) {
    out += '{';
    bool first = true;
    for (const auto& [key, element] : *map) {
      if (!first) out += ',';
      first = false;
      json::AppendString(out, key);
      out += ':';
      AppendValue(out, *shape.value, element);
    }
    out += '}';
  } else if (map && shape.kind == ShapeKind::kStructure) {
    AppendStructure(out, shape, value, BodyMembers::kAll);
  } else if (const Time* time = value.as_time()) {
    const TimestampFormat format = TimestampFormatOf(member, TimestampFormat::kEpochSeconds);
    if (format == TimestampFormat::kEpochSeconds) {
      json::Append(out, value);
    } else {
      json::AppendString(out, FormatTime(*time, format));
    }
  } else if (const std::string* bytes = value.as_string();
             bytes && shape.kind == ShapeKind::kBlob) {
    json::AppendString(out, Base64Encode(*bytes));  // a typed response holds blobs as text
  } else if (const double* number = value.as_double(); number && !std::isfinite(*number)) {
    json::AppendString(out, FormatFloat(*number));
  } else {
    json::Append(out, value);
  }
}

void AppendStructure(std::string& out, const Shape& shape, const Value& value, BodyMembers which) {
  const ValueMap* map = value.as_map();
  if (!map || shape.is_document) {
    json::Append(out, value);
    return;
  }
  out += '{';
  bool first = true;
  MemberFinder members(shape);
  for (const auto& [name, element] : *map) {
    const Member* member = members.ByName(name);
    if (!member || (which == BodyMembers::kUnbound && member->location != Location::kBody)) {
      continue;
    }
    if (!first) out += ',';
    first = false;
    json::AppendString(out, member->wire_name);
    out += ':';
    AppendValue(out, *member, element);
  }
  out += '}';
}

}  // namespace

Result<Value> DecodeJsonBody(const Shape& shape, std::string_view text, BodyMembers which) {
  if (text.empty()) return Value(ValueMap());
  auto json = json::Parse(text);
  if (!json) return Serialization(json.error().message);
  return DecodeStructure(shape, *std::move(json), nullptr, which);
}

Result<Value> DecodeTree(const Shape& shape, Value tree) {
  return DecodeStructure(shape, std::move(tree), nullptr, BodyMembers::kAll);
}

void AppendJsonBody(std::string& out, const Shape& shape, const Value& value, BodyMembers which) {
  AppendStructure(out, shape, value, which);
}

}  // namespace usher::wire
