// FilterPolicy: which messages a subscription takes.
//
//   {"event": ["order_placed", {"prefix": "stock_"}], "price": [{"numeric": [">", 0, "<=", 100]}]}
//
// Every key must match (AND), by any of the conditions in its list (OR); "$or" holds policies of
// which one must match. Where a message has a list, any of its elements may match. A key that the
// message lacks matches {"exists": false} alone, and a message without any keys matches nothing.
//
// Source: the SNS developer guide, "Amazon SNS message filtering" and the pages below it.
// Errors: invalid input, naming what is not understood and the limit that is passed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/sns/message.h"

namespace usher::sns {

inline constexpr std::size_t kMaxFilterKeys = 5;
inline constexpr std::size_t kMaxFilterCombinations = 150;
inline constexpr std::size_t kMaxFilterDepth = 10;
inline constexpr double kMaxFilterNumber = 1e9;

class FilterPolicy {
 public:
  enum class Scope { kAttributes, kBody };

  static Result<FilterPolicy> Parse(std::string_view policy, Scope scope);

  // By the scope: the message's attributes, or its text, which must then be a JSON object.
  [[nodiscard]] bool Matches(const std::map<std::string, MessageAttribute>& attributes,
                             std::string_view text) const;

 private:
  friend class FilterParser;

  struct Bound {
    std::string comparison;  // "=", "<", "<=", ">", ">="
    double number;
  };
  struct Condition {
    enum class Kind {
      kEquals,
      kEqualsIgnoreCase,
      kPrefix,
      kSuffix,
      kWildcard,
      kNumeric,
      kCidr,
      kExists,
      kAnythingBut
    } kind;
    Value value;                       // kEquals
    std::string text;                  // of those that look at text
    std::vector<Bound> bounds;         // kNumeric
    bool exists = true;                // kExists
    std::vector<Condition> but_these;  // kAnythingBut
    [[nodiscard]] bool Holds(const Value& scalar) const;
  };
  struct Nested;
  using Rule = std::vector<Condition>;
  struct Policy {
    std::vector<std::pair<std::string, Rule>> rules;
    std::vector<Nested> nested;
    std::vector<std::vector<Policy>> alternatives;  // of each "$or"
    [[nodiscard]] bool Holds(const ValueMap& message) const;
  };
  struct Nested {
    std::string key;
    Policy policy;
  };
  static bool RuleHolds(const Rule& rule, const Value* value);

  Scope scope_ = Scope::kAttributes;
  Policy root_;
};

}  // namespace usher::sns
