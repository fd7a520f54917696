#include "services/apigateway/vtl/value.h"

#include <algorithm>
#include <cmath>

#include "json/json.h"

namespace usher::apigateway::vtl {
namespace {

// What an item of a list or a map costs beside its text.
constexpr std::size_t kItemBytes = sizeof(Value) + 16;

Error TooDeep() {
  return LimitExceeded("values are nested more than " + std::to_string(kMaxDepth) + " deep");
}

Result<Value> Convert(const usher::Value& json, Arena& arena, std::size_t depth) {
  if (depth > json::kMaxDepth) return TooDeep();
  if (const auto step = arena.Step(); !step) return step.error();
  if (const bool* flag = json.as_bool()) return Value(*flag);
  if (const std::int64_t* number = json.as_int()) return Value(*number);
  if (const double* number = json.as_double()) return Value(*number);
  if (const std::string* text = json.as_string()) {
    if (const auto made = arena.Make(text->size()); !made) return made.error();
    return Value(*text);
  }
  if (const ValueList* items = json.as_list()) {
    if (const auto made = arena.Make(items->size() * kItemBytes); !made) return made.error();
    List* const list = arena.NewList();
    list->items.reserve(items->size());
    for (const usher::Value& item : *items) {
      auto converted = Convert(item, arena, depth + 1);
      if (!converted) return converted;
      list->items.push_back(*std::move(converted));
    }
    return Value(list);
  }
  if (const ValueMap* members = json.as_map()) {
    Map* const map = arena.NewMap();
    map->entries.reserve(members->size());
    for (const auto& [name, member] : *members) {
      if (const auto made = arena.Make(name.size() + kItemBytes); !made) return made.error();
      auto converted = Convert(member, arena, depth + 1);
      if (!converted) return converted;
      map->entries.emplace_back(name, *std::move(converted));
    }
    return Value(map);
  }
  return Value();
}

Result<void> AppendText(std::string& out, const Value& value, Arena& arena, std::size_t depth) {
  if (depth > kMaxDepth) return TooDeep();
  if (auto step = arena.Step(); !step) return step;
  if (out.size() > arena.limits().output_bytes) {
    return LimitExceeded("a text is longer than " + std::to_string(arena.limits().output_bytes) +
                         " bytes");
  }
  if (value.is_null()) {
    out += "null";
  } else if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const std::int64_t* number = value.as_int()) {
    out += std::to_string(*number);
  } else if (const double* fraction = value.as_double()) {
    std::string text;
    json::AppendNumber(text, *fraction);
    if (std::isfinite(*fraction) && text.find_first_of(".eE") == std::string::npos) text += ".0";
    out += text;
  } else if (const std::string* text = value.as_text()) {
    out += *text;
  } else if (const List* list = value.as_list()) {
    out += '[';
    bool first = true;
    for (const Value& item : list->items) {
      if (!std::exchange(first, false)) out += ", ";
      if (auto added = AppendText(out, item, arena, depth + 1); !added) return added;
    }
    out += ']';
  } else if (const Map* map = value.as_map()) {
    out += '{';
    bool first = true;
    for (const auto& [name, member] : map->entries) {
      if (!std::exchange(first, false)) out += ", ";
      out += name + "=";
      if (auto added = AppendText(out, member, arena, depth + 1); !added) return added;
    }
    out += '}';
  } else if (const Object* object = value.as_object()) {
    out += object->Text();
  }
  return {};
}

Result<bool> Equal(const Value& a, const Value& b, Arena& arena, std::size_t depth) {
  if (depth > kMaxDepth) return TooDeep();
  if (const auto step = arena.Step(); !step) return step.error();
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  const auto number = [](const Value& value) -> std::optional<double> {
    if (value.as_int()) return static_cast<double>(*value.as_int());
    if (value.as_double()) return *value.as_double();
    return std::nullopt;
  };
  if (a.as_int() && b.as_int()) return *a.as_int() == *b.as_int();
  if (number(a) && number(b)) return *number(a) == *number(b);
  if (a.as_text() && b.as_text()) return *a.as_text() == *b.as_text();
  if (a.as_list() && b.as_list()) {
    const auto& left = a.as_list()->items;
    const auto& right = b.as_list()->items;
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto same = Equal(left[i], right[i], arena, depth + 1);
      if (!same || !*same) return same;
    }
    return true;
  }
  if (a.as_map() && b.as_map()) {
    if (a.as_map()->entries.size() != b.as_map()->entries.size()) return false;
    for (const auto& [name, member] : a.as_map()->entries) {
      if (const auto step = arena.Step(static_cast<std::int64_t>(b.as_map()->entries.size()));
          !step) {
        return step.error();
      }
      const Value* const other = b.as_map()->Find(name);
      if (other == nullptr) return false;
      const auto same = Equal(member, *other, arena, depth + 1);
      if (!same || !*same) return same;
    }
    return true;
  }
  const auto left = TextOf(a, arena);
  if (!left) return left.error();
  const auto right = TextOf(b, arena);
  if (!right) return right.error();
  return *left == *right;
}

}  // namespace

Value* Map::Find(std::string_view name) {
  const auto found = std::ranges::find(entries, name, &std::pair<std::string, Value>::first);
  return found == entries.end() ? nullptr : &found->second;
}

void Map::Set(std::string_view name, Value value) {
  if (Value* const there = Find(name)) {
    *there = std::move(value);
  } else {
    entries.emplace_back(name, std::move(value));
  }
}

const Object* Arena::Keep(std::unique_ptr<const Object> object) {
  return objects_.emplace_back(std::move(object)).get();
}

Result<void> Arena::Step(std::int64_t count) {
  limits_.steps -= count;
  if (limits_.steps >= 0) return {};
  return LimitExceeded("the template takes too many steps");
}

Result<void> Arena::Make(std::size_t bytes) {
  limits_.made_bytes -= static_cast<std::int64_t>(bytes);
  if (limits_.made_bytes >= 0) return {};
  return LimitExceeded("the template makes too much text or too many values");
}

Result<Value> Arena::FromJson(const usher::Value& json) { return Convert(json, *this, 0); }

Result<Value> Object::Member(std::string_view /*name*/, Arena& /*arena*/) const { return Value(); }

Result<std::optional<Value>> Object::Call(std::string_view /*name*/,
                                          std::span<const Value> /*arguments*/,
                                          Arena& /*arena*/) const {
  return std::optional<Value>();
}

Result<std::string> TextOf(const Value& value, Arena& arena) {
  std::string text;
  if (const auto added = AppendText(text, value, arena, 0); !added) return added.error();
  if (const auto made = arena.Make(text.size()); !made) return made.error();
  return text;
}

Result<bool> AreEqual(const Value& a, const Value& b, Arena& arena) {
  return Equal(a, b, arena, 0);
}

std::string_view KindOf(const Value& value) {
  if (value.is_null()) return "null";
  if (value.as_bool()) return "true or false";
  if (value.as_int() || value.as_double()) return "a number";
  if (value.as_text()) return "a text";
  if (value.as_list()) return "a list";
  if (value.as_map()) return "a map";
  return "an object";
}

}  // namespace usher::apigateway::vtl
