#include "wire/rest_binding.h"

#include "base/encoding.h"
#include "base/text.h"
#include "wire/member_finder.h"
#include "wire/scalar_text.h"

namespace usher::wire {
namespace {

constexpr std::string_view kHeaderListSeparator = ", ";

Error At(std::string_view place, const Error& why) {
  return InvalidInput("'" + std::string(place) + "' " + why.message);
}

Result<Value> DecodeList(const Shape& shape, const std::vector<std::string_view>& texts) {
  ValueList list;
  list.reserve(texts.size());
  for (const std::string_view text : texts) {
    auto element = ParseScalar(*shape.element->shape, text);
    if (!element) return element;
    list.push_back(*std::move(element));
  }
  return Value(std::move(list));
}

// nullopt: the request does not have the member.
Result<std::optional<Value>> Present(Result<Value> value, std::string_view place) {
  if (!value) return At(place, value.error());
  return std::optional(*std::move(value));
}

Result<std::optional<Value>> FromQuery(const Member& member, const Shape& input,
                                       const Parameters& query) {
  if (member.shape->kind == ShapeKind::kList) {
    std::vector<std::string_view> texts;
    for (const auto& [name, value] : query) {
      if (name == member.wire_name) texts.push_back(value);
    }
    if (texts.empty()) return std::optional<Value>();
    return Present(DecodeList(*member.shape, texts), member.wire_name);
  }
  if (member.shape->kind == ShapeKind::kMap) {  // every parameter that is no member's own
    ValueMap map;
    for (const auto& [name, value] : query) {
      if (!MemberFinder(input).ByWireName(name)) map.Set(name, value);
    }
    if (map.empty()) return std::optional<Value>();
    return std::optional(Value(std::move(map)));
  }
  const std::string* text = FindParameter(query, member.wire_name);
  if (!text) return std::optional<Value>();
  return Present(ParseScalar(*member.shape, *text), member.wire_name);
}

Result<std::optional<Value>> FromHeader(const Member& member, const Headers& headers) {
  if (member.shape->kind == ShapeKind::kList) {
    std::vector<std::string_view> texts;
    for (const std::string_view field : headers.FindAll(member.wire_name)) {
      for (const std::string_view text : Split(field, ',')) texts.push_back(Trim(text));
    }
    if (texts.empty()) return std::optional<Value>();
    return Present(DecodeList(*member.shape, texts), member.wire_name);
  }
  const std::string* text = headers.Find(member.wire_name);
  if (!text) return std::optional<Value>();
  if (member.json_value) {
    auto json = Base64Decode(*text);
    if (!json) return At(member.wire_name, json.error());
    return std::optional(Value(*std::move(json)));
  }
  return Present(ParseScalar(*member.shape, *text), member.wire_name);
}

// Header names are compared without case, so the keys of such a map are lower case.
std::optional<Value> FromHeaderPrefix(const Member& member, const Headers& headers) {
  ValueMap map;
  for (const auto& [name, value] : headers) {
    if (name.size() <= member.wire_name.size() ||
        !EqualsIgnoreCase(name.substr(0, member.wire_name.size()), member.wire_name)) {
      continue;
    }
    std::string key = AsciiLower(std::string_view(name).substr(member.wire_name.size()));
    if (Value* earlier = map.Find(key)) {
      *earlier->as_string() += "," + value;
    } else {
      map.Append(std::move(key), value);
    }
  }
  if (map.empty()) return std::nullopt;
  return Value(std::move(map));
}

Result<std::optional<Value>> FromLabel(const Member& member, const UriLabels& labels) {
  for (const auto& [name, text] : labels) {
    if (name == member.wire_name) return Present(ParseScalar(*member.shape, text), name);
  }
  return std::optional<Value>();
}

Result<std::optional<Value>> DecodeBinding(const Member& member, const DecodeInput& input) {
  switch (member.location) {
    case Location::kUri:
      return FromLabel(member, input.labels);
    case Location::kQuery:
      return FromQuery(member, *input.operation.input, input.query);
    case Location::kHeader:
      return FromHeader(member, input.headers);
    case Location::kHeaderPrefix:
      return FromHeaderPrefix(member, input.headers);
    case Location::kBody:
    case Location::kStatusCode:
      break;
  }
  return std::optional<Value>();
}

// A value that would end its line must not make a header of its own.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) c = ' ';
  }
  return text;
}

std::string HeaderText(const Member& member, const Value& value) {
  const TimestampFormat format = TimestampFormatOf(member, TimestampFormat::kHttpDate);
  if (const ValueList* list = value.as_list()) {
    std::string text;
    for (const Value& element : *list) {
      if (!text.empty()) text += kHeaderListSeparator;
      text += FormatScalar(element, format);
    }
    return text;
  }
  if (const std::string* json = value.as_string(); json && member.json_value) {
    return Base64Encode(*json);
  }
  return FormatScalar(value, format);
}

}  // namespace

Result<ValueMap> DecodeBindings(const DecodeInput& input) {
  ValueMap bound;
  for (const Member& member : input.operation.input->members) {
    if (member.location == Location::kBody) continue;
    auto value = DecodeBinding(member, input);
    if (!value) return value.error();
    if (*value) bound.Append(std::string(member.name), **std::move(value));
  }
  return bound;
}

void EncodeBindings(const Shape& output, const Value& response, bool head, HttpResponse& answer) {
  const ValueMap* map = response.as_map();
  if (!map) return;
  MemberFinder members(output);
  for (const auto& [name, value] : *map) {
    const Member* member = members.ByName(name);
    if (!member || value.is_null()) continue;
    if (member->location == Location::kStatusCode) {
      if (const std::int64_t* status = value.as_int()) answer.status = static_cast<int>(*status);
    } else if (member->location == Location::kHeader) {
      if (!head && EqualsIgnoreCase(member->wire_name, "Content-Length")) continue;
      answer.headers.Add(std::string(member->wire_name), OneLine(HeaderText(*member, value)));
    } else if (const ValueMap* entries = value.as_map();
               entries && member->location == Location::kHeaderPrefix) {
      for (const auto& [key, text] : *entries) {
        answer.headers.Add(OneLine(std::string(member->wire_name) + key),
                           OneLine(FormatScalar(text, TimestampFormat::kHttpDate)));
      }
    }
  }
}

const Member* PayloadOf(const Shape& shape) {
  return shape.payload.empty() ? nullptr : MemberFinder(shape).ByName(shape.payload);
}

}  // namespace usher::wire
