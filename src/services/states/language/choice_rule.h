// ChoiceRule: one rule of a Choice state: a comparison, or And, Or and Not of others.
//
//   {"Not": {"Variable": "$.type", "StringEquals": "Private"}, "Next": "Public"}
//
// Source: Amazon States Language, "Choice State", "Data-test expressions".
// Limits: kMaxChoiceDepth.
// Threads: immutable once parsed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/states/language/expression.h"

namespace usher::states {

inline constexpr int kMaxChoiceDepth = 20;

class ChoiceRule {
 public:
  // `value` is the rule without regard to its Next. Errors: invalid input, naming the member.
  static Result<ChoiceRule> Parse(const Value& value);

  // A comparison of values of different kinds is false. Errors: States.Runtime when Variable, or
  // the path that is compared with, finds nothing.
  Result<bool> Matches(const Scope& scope) const;

  // The names of all comparators, such as "StringEqualsPath".
  static std::vector<std::string> Comparators();

 private:
  enum class Kind { kAnd, kOr, kNot, kCompare };
  enum class Type { kString, kNumeric, kBoolean, kTimestamp };
  enum class Test {
    kEquals,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kMatches,
    kIsPresent,
    kIsNull,
    kIsString,
    kIsNumeric,
    kIsBoolean,
    kIsTimestamp
  };
  struct Comparator;
  static const std::vector<Comparator>& Table();
  static Result<ChoiceRule> Parse(const Value& value, int depth);
  Result<bool> Compare(const Value& variable, const Scope& scope) const;
  [[nodiscard]] bool CompareValues(const Value& variable, const Value& with) const;
  [[nodiscard]] bool IsOfKind(const Value& variable) const;

  Kind kind_ = Kind::kCompare;
  std::vector<ChoiceRule> parts_;
  std::optional<ScopedPath> variable_;
  Type type_ = Type::kString;
  Test test_ = Test::kEquals;
  Value with_;
  std::optional<ScopedPath> with_path_;
};

// True for a time of RFC 3339 as the language wants it: "2016-08-18T17:33:00Z", with an optional
// fraction and an offset. The time in milliseconds.
std::optional<std::int64_t> ParseTimestamp(std::string_view text);

// `pattern` may hold '*' for any text; a backslash takes the next character as it is.
[[nodiscard]] bool MatchesPattern(std::string_view text, std::string_view pattern);

}  // namespace usher::states
