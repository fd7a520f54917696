// FilterExpression: which items (or users) an answer may hold, as text and parsed.
//
// Source:  Amazon Personalize developer guide, "Filter expressions":
//   filter    = clause { "|" clause }
//   clause    = ("INCLUDE" | "EXCLUDE") target "WHERE" condition { ("AND" | "OR") condition }
//               [ "IF" condition { "AND" condition } ]
//   target    = "ItemID" | "UserID"
//   condition = dataset "." field ( ["NOT"] "IN" ( "(" list ")" | current )
//                                 | ("=" | "!=" | "<" | "<=" | ">" | ">=") value )
//   list      = string { "," string } | placeholder | "*"
//   value     = number | string | placeholder | "(" placeholder ")" | current
//   current   = "CurrentItem" "." field
//   dataset   = "Interactions" | "Items" | "Users", after IF "CurrentUser"
// Case:    that of keywords, datasets and fields does not matter; event types are compared without
//          case, other strings with it. Strings stand in double or single quotes; a backslash takes
//          the character after it as it is.
// Order:   AND binds before OR; the conditions of a clause are on one dataset.
// Errors:  kInvalidInput, in the service's words where those are public, with the character at
//          which reading ended.
// Threads: a value, safe to read from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::engine {

inline constexpr std::size_t kMaxFilterBytes = 10'000;  // 2,500 characters of UTF-8
inline constexpr std::size_t kMaxFilterFields = 10;     // different ones of a filter
inline constexpr std::size_t kMaxFilterValues = 1000;   // of one list

enum class FilterTarget { kItems, kUsers };
enum class FilterDataset { kInteractions, kItems, kUsers };
enum class FilterOperator { kIn, kNotIn, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// A literal; the number is there when the whole text is one.
struct FilterValue {
  std::string text;
  std::optional<double> number;
  bool operator==(const FilterValue&) const = default;
};

struct FilterOperand {
  enum class Kind { kValues, kAnything, kPlaceholder, kCurrentItem };
  Kind kind = Kind::kValues;
  std::vector<FilterValue> values;  // kValues
  std::string name;                 // kPlaceholder: without '$'; kCurrentItem: the field
  bool operator==(const FilterOperand&) const = default;
};

struct FilterCondition {
  FilterDataset dataset = FilterDataset::kItems;
  std::string field;
  FilterOperator op = FilterOperator::kIn;  // "=" is IN with one value, "!=" is NOT IN
  FilterOperand operand;
  // Known once BindFilter has seen the schemas.
  bool is_number = false;
  bool joined = false;  // a cell holds several values, joined by '|'
  bool operator==(const FilterCondition&) const = default;
};

struct FilterClause {
  bool include = true;
  FilterTarget target = FilterTarget::kItems;
  FilterDataset dataset = FilterDataset::kItems;           // of all its conditions
  std::vector<std::vector<FilterCondition>> alternatives;  // joined by OR; in each, joined by AND
  std::vector<FilterCondition> only_if;                    // on the current user
  bool operator==(const FilterClause&) const = default;
};

struct FilterExpression {
  std::vector<FilterClause> clauses;
  bool operator==(const FilterExpression&) const = default;

  // Names of its placeholders, each once, in the order of the text.
  [[nodiscard]] std::vector<std::string> Placeholders() const;
  // "ITEMS.GENRES" of each dataset field, once, in the order of the text.
  [[nodiscard]] std::vector<std::string> Fields() const;
  [[nodiscard]] bool UsesCurrentItem() const;
  [[nodiscard]] bool UsesCurrentUser() const;
  [[nodiscard]] bool Uses(FilterDataset dataset) const;  // in a clause's conditions
  // Whether it lets items in because of what the user did with them.
  [[nodiscard]] bool IncludesByInteractions() const;
  [[nodiscard]] FilterTarget target() const { return clauses.front().target; }
};

Result<FilterExpression> ParseFilter(std::string_view text);

// What a filter may ask of a dataset's field.
struct FilterField {
  enum class Type { kText, kNumber, kBoolean, kFreeText };  // the last two cannot be filtered by
  std::string name;
  Type type = Type::kText;
  bool categorical = false;  // a cell may hold several values, joined by '|'
};

// The fields of a dataset group's datasets; nullopt where there is no such dataset.
struct FilterSchema {
  std::optional<std::vector<FilterField>> interactions;
  std::optional<std::vector<FilterField>> items;
  std::optional<std::vector<FilterField>> users;
};

// The same filter with every field named as its schema names it, and its type. Errors:
// kInvalidInput for a field that is not there or cannot be filtered by, a comparison that its type
// does not have, a value of another type, a condition on interactions beside EVENT_TYPE, or too
// many fields.
Result<FilterExpression> BindFilter(FilterExpression filter, const FilterSchema& schema);

// The values of one entry of `filterValues`: "\"comedy\",\"drama\"" or "30". Errors: kInvalidInput.
Result<std::vector<FilterValue>> ParseFilterValues(std::string_view text);

}  // namespace usher::engine
