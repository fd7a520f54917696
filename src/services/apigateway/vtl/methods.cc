// The methods of texts, numbers, lists and maps, as java.lang and java.util name them. Positions in
// texts count UTF-16 units, as in Java.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "regex/regex.h"
#include "services/apigateway/vtl/value.h"

namespace usher::apigateway::vtl {
namespace {

constexpr std::size_t kMaxParts = 100'000;
constexpr std::size_t kItemBytes = sizeof(Value) + 16;

using Arguments = std::span<const Value>;

Error NoMethod(const Value& target, std::string_view name, std::size_t count) {
  return InvalidInput(std::string(KindOf(target)) + " has no method " + std::string(name) +
                      " with " + std::to_string(count) + (count == 1 ? " argument" : " arguments"));
}

Error BadArgument(std::string_view name, std::string_view wanted, const Value& got) {
  return InvalidInput("the method " + std::string(name) + " takes " + std::string(wanted) +
                      ", not " + std::string(KindOf(got)));
}

std::size_t UnitsOf(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if ((byte & 0xC0) == 0x80) return 0;
  return byte >= 0xF0 ? 2 : 1;
}

std::int64_t LengthOf(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) units += UnitsOf(c);
  return static_cast<std::int64_t>(units);
}

// The byte at which the unit begins; within a pair, that of the pair. nullopt: beyond the end.
std::optional<std::size_t> ByteAt(std::string_view text, std::int64_t unit) {
  if (unit < 0) return std::nullopt;
  std::int64_t units = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto here = static_cast<std::int64_t>(UnitsOf(text[i]));
    if (here > 0 && units + here > unit) return i;
    units += here;
  }
  return units == unit ? std::optional(text.size()) : std::nullopt;
}

Error OutOfText(std::string_view name, std::int64_t position, std::int64_t length) {
  return InvalidInput("the method " + std::string(name) + ": position " + std::to_string(position) +
                      " is outside the text of length " + std::to_string(length));
}

Result<Value> Made(std::string text, Arena& arena) {
  if (const auto made = arena.Make(text.size()); !made) return made.error();
  return Value(std::move(text));
}

Result<Value> Substring(const std::string& text, Arguments arguments, Arena& arena) {
  for (const Value& argument : arguments) {
    if (!argument.as_int()) return BadArgument("substring", "whole numbers", argument);
  }
  const std::int64_t first = *arguments[0].as_int();
  const auto begin = ByteAt(text, first);
  if (!begin) return OutOfText("substring", first, LengthOf(text));
  std::size_t end = text.size();
  if (arguments.size() == 2) {
    const auto last = ByteAt(text, *arguments[1].as_int());
    if (!last || *last < *begin) {
      return OutOfText("substring", *arguments[1].as_int(), LengthOf(text));
    }
    end = *last;
  }
  return Made(text.substr(*begin, end - *begin), arena);
}

Result<Value> ReplaceByRegex(const std::string& text, Arguments arguments, bool all, Arena& arena) {
  const auto regex = Regex::Compile(*arguments[0].as_text());
  if (!regex) return regex.error();
  auto out = regex->Replace(text, *arguments[1].as_text(), all, arena.limits().output_bytes);
  if (!out) return out.error();
  return Made(*std::move(out), arena);
}

Result<Value> ReplaceText(const std::string& text, std::string_view what, std::string_view by,
                          Arena& arena) {
  std::string out;
  std::size_t at = 0;
  if (what.empty()) return InvalidInput("the method replace takes a text that is not empty");
  while (true) {
    const std::size_t found = text.find(what, at);
    out += std::string_view(text).substr(at, found == std::string::npos ? found : found - at);
    if (found == std::string::npos) break;
    out += by;
    at = found + what.size();
    if (out.size() > arena.limits().output_bytes) {
      return LimitExceeded("replacing makes the text too long");
    }
  }
  return Made(std::move(out), arena);
}

Result<Value> SplitText(const std::string& text, const std::string& expression, Arena& arena) {
  const auto regex = Regex::Compile(expression);
  if (!regex) return regex.error();
  auto parts = regex->Split(text, kMaxParts);
  if (!parts) return parts.error();
  if (const auto made = arena.Make(text.size() + parts->size() * kItemBytes); !made) {
    return made.error();
  }
  List* const list = arena.NewList();
  for (std::string& part : *parts) list->items.emplace_back(std::move(part));
  return Value(list);
}

Value Position(const std::string& text, std::size_t byte) {
  if (byte == std::string::npos) return Value(std::int64_t{-1});
  return Value(LengthOf(std::string_view(text).substr(0, byte)));
}

Result<Value> CallOnText(const Value& target, std::string_view name, Arguments arguments,
                         Arena& arena) {
  const std::string& text = *target.as_text();
  if (const auto step = arena.Step(1 + static_cast<std::int64_t>(text.size() / 256)); !step) {
    return step.error();
  }
  if (arguments.empty()) {
    if (name == "length" || name == "size") return Value(LengthOf(text));
    if (name == "isEmpty") return Value(text.empty());
    if (name == "toString") return target;
    if (name == "trim") return Made(std::string(Trim(text)), arena);
    if (name == "toLowerCase") return Made(AsciiLower(text), arena);
    if (name == "toUpperCase") return Made(AsciiUpper(text), arena);
    return NoMethod(target, name, 0);
  }
  if (name == "substring" && arguments.size() <= 2) return Substring(text, arguments, arena);
  if (name == "charAt" && arguments.size() == 1) {
    if (!arguments[0].as_int()) return BadArgument(name, "a whole number", arguments[0]);
    const std::int64_t place = *arguments[0].as_int();
    const auto begin = ByteAt(text, place);
    if (!begin || *begin == text.size()) return OutOfText(name, place, LengthOf(text));
    std::size_t end = *begin + 1;
    while (end < text.size() && UnitsOf(text[end]) == 0) ++end;
    return Made(text.substr(*begin, end - *begin), arena);
  }
  if (name == "equals" && arguments.size() == 1) {
    return Value(arguments[0].as_text() != nullptr && *arguments[0].as_text() == text);
  }
  for (const Value& argument : arguments) {
    if (!argument.as_text()) {
      static constexpr std::string_view kKnown[] = {
          "contains",         "startsWith", "endsWith",    "indexOf", "lastIndexOf",
          "equalsIgnoreCase", "compareTo",  "concat",      "matches", "split",
          "replace",          "replaceAll", "replaceFirst"};
      if (std::ranges::find(kKnown, name) == std::end(kKnown)) {
        return NoMethod(target, name, arguments.size());
      }
      return BadArgument(name, "texts", argument);
    }
  }
  const std::string& first = *arguments[0].as_text();
  if (arguments.size() == 1) {
    if (name == "contains") return Value(text.find(first) != std::string::npos);
    if (name == "startsWith") return Value(text.starts_with(first));
    if (name == "endsWith") return Value(text.ends_with(first));
    if (name == "indexOf") return Position(text, text.find(first));
    if (name == "lastIndexOf") return Position(text, text.rfind(first));
    if (name == "equalsIgnoreCase") return Value(EqualsIgnoreCase(text, first));
    if (name == "compareTo") return Value(static_cast<std::int64_t>(text.compare(first)));
    if (name == "concat") return Made(text + first, arena);
    if (name == "split") return SplitText(text, first, arena);
    if (name == "matches") {
      const auto regex = Regex::Compile(first);
      if (!regex) return regex.error();
      return Value(regex->Matches(text));
    }
  }
  if (arguments.size() == 2) {
    if (name == "replaceAll") return ReplaceByRegex(text, arguments, true, arena);
    if (name == "replaceFirst") return ReplaceByRegex(text, arguments, false, arena);
    if (name == "replace") return ReplaceText(text, first, *arguments[1].as_text(), arena);
  }
  return NoMethod(target, name, arguments.size());
}

Result<Value> CallOnList(const Value& target, std::string_view name, Arguments arguments,
                         Arena& arena) {
  std::vector<Value>& items = target.as_list()->items;
  const auto place = [&](const Value& index, std::size_t beyond) -> Result<std::size_t> {
    if (!index.as_int()) return BadArgument(name, "a position", index);
    if (*index.as_int() < 0 || static_cast<std::size_t>(*index.as_int()) >= items.size() + beyond) {
      return InvalidInput("the list of " + std::to_string(items.size()) + " has no position " +
                          std::to_string(*index.as_int()));
    }
    return static_cast<std::size_t>(*index.as_int());
  };
  const auto index_of = [&](const Value& wanted) -> Result<std::int64_t> {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto same = AreEqual(items[i], wanted, arena);
      if (!same) return same.error();
      if (*same) return static_cast<std::int64_t>(i);
    }
    return std::int64_t{-1};
  };
  if (arguments.empty()) {
    if (name == "size" || name == "length") return Value(static_cast<std::int64_t>(items.size()));
    if (name == "isEmpty") return Value(items.empty());
    if (name == "clear") {
      items.clear();
      return Value();
    }
    if (name == "toString") {
      auto text = TextOf(target, arena);
      if (!text) return text.error();
      return Value(*std::move(text));
    }
    return NoMethod(target, name, 0);
  }
  if (arguments.size() == 1) {
    const Value& argument = arguments[0];
    if (name == "get") {
      const auto index = place(argument, 0);
      if (!index) return index.error();
      return items[*index];
    }
    if (name == "add") {
      if (const auto made = arena.Make(kItemBytes); !made) return made.error();
      items.push_back(argument);
      return Value(true);
    }
    if (name == "addAll") {
      if (!argument.as_list()) return BadArgument(name, "a list", argument);
      const std::vector<Value> others = argument.as_list()->items;
      if (const auto made = arena.Make(others.size() * kItemBytes); !made) return made.error();
      items.insert(items.end(), others.begin(), others.end());
      return Value(!others.empty());
    }
    if (name == "contains" || name == "indexOf") {
      const auto found = index_of(argument);
      if (!found) return found.error();
      return name == "contains" ? Value(*found >= 0) : Value(*found);
    }
    if (name == "remove") {
      std::int64_t found = -1;
      if (argument.as_int()) {
        const auto index = place(argument, 0);
        if (!index) return index.error();
        found = static_cast<std::int64_t>(*index);
      } else {
        const auto index = index_of(argument);
        if (!index) return index.error();
        found = *index;
      }
      if (found < 0) return Value(false);
      Value removed = items[static_cast<std::size_t>(found)];
      items.erase(items.begin() + found);
      return argument.as_int() ? removed : Value(true);
    }
    if (name == "equals") {
      const auto same = AreEqual(target, argument, arena);
      if (!same) return same.error();
      return Value(*same);
    }
  }
  if (arguments.size() == 2) {
    if (name == "set") {
      const auto index = place(arguments[0], 0);
      if (!index) return index.error();
      return std::exchange(items[*index], arguments[1]);
    }
    if (name == "add") {
      const auto index = place(arguments[0], 1);
      if (!index) return index.error();
      if (const auto made = arena.Make(kItemBytes); !made) return made.error();
      items.insert(items.begin() + static_cast<std::ptrdiff_t>(*index), arguments[1]);
      return Value();
    }
    if (name == "subList") {
      const auto first = place(arguments[0], 1);
      if (!first) return first.error();
      const auto last = place(arguments[1], 1);
      if (!last) return last.error();
      List* const part = arena.NewList();
      if (const auto made = arena.Make(items.size() * kItemBytes); !made) return made.error();
      for (std::size_t i = *first; i < *last; ++i) part->items.push_back(items[i]);
      return Value(part);
    }
  }
  return NoMethod(target, name, arguments.size());
}

// What entrySet gives.
class Entry final : public Object {
 public:
  Entry(std::string key, Value value) : key_(std::move(key)), value_(std::move(value)) {}
  Result<Value> Member(std::string_view name, Arena& /*arena*/) const override {
    if (name == "key") return Value(key_);
    if (name == "value") return value_;
    return Value();
  }
  Result<std::optional<Value>> Call(std::string_view name, Arguments arguments,
                                    Arena& /*arena*/) const override {
    if (!arguments.empty()) return std::optional<Value>();
    if (name == "getKey") return std::optional(Value(key_));
    if (name == "getValue") return std::optional(value_);
    return std::optional<Value>();
  }
  std::string Text() const override { return key_; }

 private:
  std::string key_;
  Value value_;
};

Result<Value> CallOnMap(const Value& target, std::string_view name, Arguments arguments,
                        Arena& arena) {
  Map& map = *target.as_map();
  // Members are looked for one by one.
  if (const auto step = arena.Step(1 + static_cast<std::int64_t>(map.entries.size() / 16)); !step) {
    return step.error();
  }
  const auto list = [&](auto&& make) -> Result<Value> {
    if (const auto made = arena.Make(map.entries.size() * kItemBytes * 2); !made) {
      return made.error();
    }
    List* const all = arena.NewList();
    for (const auto& entry : map.entries) all->items.push_back(make(entry));
    return Value(all);
  };
  if (arguments.empty()) {
    if (name == "size") return Value(static_cast<std::int64_t>(map.entries.size()));
    if (name == "isEmpty") return Value(map.entries.empty());
    if (name == "keySet") return list([](const auto& entry) { return Value(entry.first); });
    if (name == "values") return list([](const auto& entry) { return entry.second; });
    if (name == "entrySet") {
      return list([&](const auto& entry) {
        return Value(arena.Keep(std::make_unique<Entry>(entry.first, entry.second)));
      });
    }
    if (name == "clear") {
      map.entries.clear();
      return Value();
    }
    if (name == "toString") {
      auto text = TextOf(target, arena);
      if (!text) return text.error();
      return Value(*std::move(text));
    }
    return NoMethod(target, name, 0);
  }
  if (name == "putAll" && arguments.size() == 1) {
    const Map* const other = arguments[0].as_map();
    if (other == nullptr) return BadArgument(name, "a map", arguments[0]);
    const auto entries = other->entries;
    for (const auto& [key, value] : entries) {
      if (const auto step = arena.Step(1 + static_cast<std::int64_t>(map.entries.size() / 16));
          !step) {
        return step.error();
      }
      if (const auto made = arena.Make(key.size() + kItemBytes); !made) return made.error();
      map.Set(key, value);
    }
    return Value();
  }
  if (name == "containsValue" && arguments.size() == 1) {
    for (const auto& [key, value] : map.entries) {
      const auto same = AreEqual(value, arguments[0], arena);
      if (!same) return same.error();
      if (*same) return Value(true);
    }
    return Value(false);
  }
  if (name == "equals" && arguments.size() == 1) {
    const auto same = AreEqual(target, arguments[0], arena);
    if (!same) return same.error();
    return Value(*same);
  }
  const auto key = TextOf(arguments[0], arena);
  if (!key) return key.error();
  Value* const there = map.Find(*key);
  if (arguments.size() == 1) {
    if (name == "get") return there != nullptr ? *there : Value();
    if (name == "containsKey") return Value(there != nullptr);
    if (name == "remove") {
      if (there == nullptr) return Value();
      Value removed = *there;
      std::erase_if(map.entries, [&](const auto& entry) { return entry.first == *key; });
      return removed;
    }
  }
  if (arguments.size() == 2) {
    if (name == "put") {
      if (const auto made = arena.Make(key->size() + kItemBytes); !made) return made.error();
      Value before = there != nullptr ? *there : Value();
      map.Set(*key, arguments[1]);
      return before;
    }
    if (name == "getOrDefault") return there != nullptr ? *there : arguments[1];
  }
  return NoMethod(target, name, arguments.size());
}

Result<Value> CallOnScalar(const Value& target, std::string_view name, Arguments arguments,
                           Arena& arena) {
  const double* const fraction = target.as_double();
  const std::int64_t* const whole = target.as_int();
  if (arguments.empty()) {
    if (name == "toString") {
      auto text = TextOf(target, arena);
      if (!text) return text.error();
      return Value(*std::move(text));
    }
    if (target.as_bool() && name == "booleanValue") return target;
    if ((name == "intValue" || name == "longValue") && (whole || fraction)) {
      if (whole) return target;
      if (!(*fraction > -9.2e18 && *fraction < 9.2e18)) {
        return InvalidInput("the number is too large for " + std::string(name));
      }
      return Value(static_cast<std::int64_t>(*fraction));
    }
    if ((name == "doubleValue" || name == "floatValue") && (whole || fraction)) {
      return Value(whole ? static_cast<double>(*whole) : *fraction);
    }
  }
  if (name == "equals" && arguments.size() == 1) {
    if (arguments[0].is_null()) return Value(false);
    const auto same = AreEqual(target, arguments[0], arena);
    if (!same) return same.error();
    return Value(*same);
  }
  return NoMethod(target, name, arguments.size());
}

}  // namespace

Result<Value> CallMethod(Value& target, std::string_view name, Arguments arguments, Arena& arena) {
  if (const auto step = arena.Step(); !step) return step.error();
  if (target.as_text()) return CallOnText(target, name, arguments, arena);
  if (target.as_list()) return CallOnList(target, name, arguments, arena);
  if (target.as_map()) return CallOnMap(target, name, arguments, arena);
  if (const Object* const object = target.as_object()) {
    auto answer = object->Call(name, arguments, arena);
    if (!answer) return answer.error();
    if (!*answer) return NoMethod(target, name, arguments.size());
    return **std::move(answer);
  }
  return CallOnScalar(target, name, arguments, arena);
}

}  // namespace usher::apigateway::vtl
