// Condition: what a filter pattern says of members or columns, joined by && and ||.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "regex/regex.h"

namespace usher::logs {

// $.a[0]["b c"]: names and positions.
using Path = std::vector<std::variant<std::string, std::size_t>>;

// nullptr where nothing lies.
[[nodiscard]] const Value* Follow(const Value& value, const Path& path);

// What stands left of an operator.
struct Operand {
  Path path;         // of JSON
  std::string name;  // of a column
};

class Condition {
 public:
  // `$.a = 1 && ($.b != "x" || $.c IS NULL)`. Errors: invalid input.
  static Result<Condition> Parse(std::string_view text);
  // `name`, or `name = 4* || name = 5*`, where each name is the same. Errors: invalid input.
  static Result<Condition> ParseColumn(std::string_view text);

  using Resolver = std::function<const Value*(const Operand&)>;
  [[nodiscard]] bool Holds(const Resolver& resolve) const;

 private:
  friend class ConditionParser;
  enum class Kind { kTrue, kAnd, kOr, kCompare };
  enum class Operator {
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kIsNull,
    kIsTrue,
    kIsFalse,
    kExists,
    kNotExists
  };

  [[nodiscard]] bool Compare(const Value* value) const;

  Kind kind_ = Kind::kTrue;
  std::vector<Condition> parts_;  // of kAnd and kOr
  Operand left_;
  Operator operator_ = Operator::kEqual;
  std::string right_;             // '*' stands for any text
  std::optional<double> number_;  // of `right_`, when it is one and not in quotes
  std::optional<Regex> regex_;    // instead of both
};

// Whether the whole text is as the pattern says, in which '*' stands for any text.
[[nodiscard]] bool MatchesWildcard(std::string_view text, std::string_view pattern);

// Takes %…% off the front. Errors: invalid input without an end, or for what is no expression.
Result<Regex> TakeRegex(std::string_view& text);

// Takes "…" off the front; \" and \\ stand for themselves. Errors: invalid input without an end.
Result<std::string> TakeQuoted(std::string_view& text);

}  // namespace usher::logs
