// What a query asks for, as a tree: made by ParseQuery, carried out by Query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "regex/regex.h"

namespace usher::logs {

struct QueryFilter {
  enum class Kind {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kLike,
    kIn,
    kIsPresent
  };
  Kind kind = Kind::kAnd;
  std::vector<QueryFilter> parts;   // of kAnd, kOr, kNot
  std::string field;                // of the others
  std::vector<std::string> values;  // one, several for kIn
  std::optional<Regex> regex;       // of kLike; without it, the value is looked for
};

struct QueryAggregate {
  enum class Kind { kCount, kCountDistinct, kSum, kAverage, kLeast, kGreatest };
  Kind kind = Kind::kCount;
  std::string field;  // empty: count(*)
  std::string name;   // of the result
};

// A field, or the time cut to whole intervals.
struct QueryKey {
  std::string name;   // of the result
  std::string field;  // empty for an interval
  std::int64_t interval_ms = 0;
};

struct QueryOrder {
  std::string field;
  bool descending = true;
};

struct QueryPlan {
  std::vector<QueryFilter> filters;
  std::vector<std::string> fields;
  std::vector<QueryAggregate> aggregates;  // of stats; none for a list of events
  std::vector<QueryKey> keys;
  std::vector<QueryOrder> order;
  std::optional<std::size_t> limit;
};

// Errors: malformed query.
Result<QueryPlan> ParseQuery(std::string_view text);

}  // namespace usher::logs
