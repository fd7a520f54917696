// Path: the JSONPath by which state machines point into their data (json/json_path.h), and, where
// it is a reference path, into which they write.
//
// A reference path names one place by members and elements: $.store.book[0]['odd name'].
//
// Source: Amazon States Language, "Paths" and "Reference Paths".
// Limits: those of json::JsonPath; kMaxWrittenIndex.
// Threads: immutable once parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "json/json_path.h"

namespace usher::states {

inline constexpr std::int64_t kMaxWrittenIndex = 10'000;  // of a list that a write makes longer

class Path {
 public:
  // Errors: invalid input, with the place at which reading ended.
  static Result<Path> Parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_reference() const { return steps_.has_value(); }

  // The value that it names, or the list of values when it may name several; nullopt when it names
  // one place and nothing is there. Errors: States.Runtime, when it names too many.
  Result<std::optional<Value>> Select(const Value& root) const;
  // Puts `value` where a reference path points, making objects on the way. Errors: invalid input
  // when something on the way is no object, or no list that has the element.
  Result<void> Write(Value& root, Value value) const;

 private:
  using Step = std::variant<std::string, std::int64_t>;  // a member's name, an element's place

  Path(std::string text, json::JsonPath reader, std::optional<std::vector<Step>> steps)
      : text_(std::move(text)), reader_(std::move(reader)), steps_(std::move(steps)) {}
  static std::optional<std::vector<Step>> ReferenceSteps(std::string_view text);

  std::string text_;
  json::JsonPath reader_;
  std::optional<std::vector<Step>> steps_;
};

}  // namespace usher::states
