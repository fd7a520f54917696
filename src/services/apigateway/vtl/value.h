// Value: what mapping templates compute with. Lists and maps are shared, as in Java: two names may
// mean one list. They live in an arena until the template has been rendered, so circles among them
// cost nothing and leak nothing.
//
// Threads: one rendering is one thread's.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace usher::apigateway::vtl {

class Object;
struct List;
struct Map;

class Value {
 public:
  Value() = default;                                             // null
  Value(bool value) : state_(value) {}                           // NOLINT: literals are values
  Value(std::int64_t value) : state_(value) {}                   // NOLINT
  Value(double value) : state_(value) {}                         // NOLINT
  Value(std::string value) : state_(std::move(value)) {}         // NOLINT
  Value(std::string_view value) : state_(std::string(value)) {}  // NOLINT
  Value(const char* value) : state_(std::string(value)) {}       // NOLINT
  Value(List* value) : state_(value) {}                          // NOLINT
  Value(Map* value) : state_(value) {}                           // NOLINT
  Value(const Object* value) : state_(value) {}                  // NOLINT

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(state_); }
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&state_); }
  [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&state_); }
  [[nodiscard]] const double* as_double() const { return std::get_if<double>(&state_); }
  [[nodiscard]] const std::string* as_text() const { return std::get_if<std::string>(&state_); }
  [[nodiscard]] List* as_list() const { return Pointer<List*>(); }
  [[nodiscard]] Map* as_map() const { return Pointer<Map*>(); }
  [[nodiscard]] const Object* as_object() const { return Pointer<const Object*>(); }
  // Everything but null and false.
  [[nodiscard]] bool IsTrue() const { return !is_null() && (as_bool() == nullptr || *as_bool()); }

 private:
  template <typename P>
  [[nodiscard]] P Pointer() const {
    const P* held = std::get_if<P>(&state_);
    return held != nullptr ? *held : nullptr;
  }

  std::variant<std::monostate, bool, std::int64_t, double, std::string, List*, Map*, const Object*>
      state_;
};

struct List {
  std::vector<Value> items;
};

// In the order in which members were added.
struct Map {
  std::vector<std::pair<std::string, Value>> entries;

  [[nodiscard]] Value* Find(std::string_view name);
  void Set(std::string_view name, Value value);
};

// What one rendering may use; every part of it counts down here.
struct Limits {
  std::int64_t steps = 1'000'000;
  std::size_t output_bytes = 10U << 20;
  std::int64_t made_bytes = 64 << 20;  // texts, lists and maps that are made on the way
};
inline constexpr std::size_t kMaxDepth = 64;  // nested directives, expressions, calls, lists

// Lists, maps and objects of one rendering, and what is left of its limits.
class Arena {
 public:
  explicit Arena(Limits limits = {}) : limits_(limits) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  List* NewList() { return &lists_.emplace_back(); }
  Map* NewMap() { return &maps_.emplace_back(); }
  const Object* Keep(std::unique_ptr<const Object> object);

  // Errors: limit exceeded.
  Result<void> Step(std::int64_t count = 1);
  Result<void> Make(std::size_t bytes);
  [[nodiscard]] const Limits& limits() const { return limits_; }

  // Errors: limit exceeded.
  Result<Value> FromJson(const usher::Value& json);

 private:
  Limits limits_;
  std::deque<List> lists_;
  std::deque<Map> maps_;
  std::vector<std::unique_ptr<const Object>> objects_;
};

// What a template reaches that is no plain value: $input, $util. There is no other way out of a
// template: an object gives what its own two functions give and nothing else.
class Object {
 public:
  virtual ~Object() = default;
  // $object.name. Null: there is no such member.
  [[nodiscard]] virtual Result<Value> Member(std::string_view name, Arena& arena) const;
  // $object.name(arguments). nullopt: there is no such method.
  [[nodiscard]] virtual Result<std::optional<Value>> Call(std::string_view name,
                                                          std::span<const Value> arguments,
                                                          Arena& arena) const;
  [[nodiscard]] virtual std::string Text() const { return {}; }
  // What a reference below it that leads to null is written as: nothing, or, as elsewhere, itself.
  [[nodiscard]] virtual bool null_is_empty() const { return false; }
};

// As Java writes it: {a=1, b=[x, y]}. Errors: limit exceeded when it is nested too deep or too
// long.
Result<std::string> TextOf(const Value& value, Arena& arena);

// Whether two values are equal: numbers by value, lists and maps by what they hold, texts and
// others by their text.
Result<bool> AreEqual(const Value& a, const Value& b, Arena& arena);

// A method of a text, number, list or map. Errors: invalid input when it has none of this name, or
// takes other arguments; limit exceeded.
Result<Value> CallMethod(Value& target, std::string_view name, std::span<const Value> arguments,
                         Arena& arena);

// "text", "list" … for messages.
[[nodiscard]] std::string_view KindOf(const Value& value);

}  // namespace usher::apigateway::vtl
