// AttributeIndex: which items have a value in a column of their metadata.
//
// Query:   ITEMS.<column> = <value> [AND ITEMS.<column> = <value>]…
//          Strings in double quotes, in which \" and \\ stand for " and \; numbers as in JSON.
//          Column names are compared as they are, keywords in any case. Only AND and = exist.
// Source:  Amazon Personalize developer guide, "Batch segment jobs", item attribute expressions.
// Errors:  kInvalidInput: what was expected, and at which character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recsys/interactions/lists.h"

namespace usher::recsys {

inline constexpr std::size_t kMaxExpressionBytes = 20'000;
inline constexpr std::size_t kMaxExpressionTerms = 100;
inline constexpr std::size_t kMaxColumnNameBytes = 150;

// One "ITEMS.column = value".
struct AttributeTerm {
  std::string column;
  std::string value;  // a number in its shortest form
  bool is_number = false;
  bool operator==(const AttributeTerm&) const = default;
};

Result<std::vector<AttributeTerm>> ParseAttributes(std::string_view expression);

// The shortest text of a number, by which the index knows it.
[[nodiscard]] std::string NumberKey(double number);

class AttributeIndex {
 public:
  AttributeIndex() = default;

  // A column whose values are strings or numbers (texts by NumberKey); `items` has an ascending
  // list for each value.
  void AddColumn(std::string name, bool is_number, std::vector<std::string> values,
                 ListsView items);

  struct Column {
    std::string name;
    bool is_number = false;
    std::vector<std::string> values;
    ListsView items;  // of each value
  };
  [[nodiscard]] std::span<const Column> columns() const { return columns_; }

  // Items that meet all terms, ascending; none for a value that no item has. Errors: a column that
  // is not there or of the other type, naming those that there are.
  Result<std::vector<std::uint32_t>> Find(std::span<const AttributeTerm> terms) const;

 private:
  std::vector<Column> columns_;
};

}  // namespace usher::recsys
