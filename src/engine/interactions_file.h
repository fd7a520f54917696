// LoadInteractions: an interactions file as flat index arrays, the form in which training wants it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/event_rules.h"

namespace usher::engine {

// What a request may say of its situation, too: a device, a time of day.
struct ContextColumn {
  std::string name;
  std::vector<std::string> values;   // in the order first seen
  std::vector<std::uint32_t> codes;  // index in values, of each row; kNoContext where it has none
};
inline constexpr std::uint32_t kNoContext = 0xFFFFFFFF;
inline constexpr std::size_t kMaxContextColumns = 150;

// Row r says: user_ids[user[r]] met item_ids[item[r]] at timestamp[r]. Ids and event types are in
// the order in which they are first seen, so the table depends on the file alone, never on threads.
struct InteractionTable {
  std::vector<std::uint32_t> user;      // index in user_ids
  std::vector<std::uint32_t> item;      // index in item_ids
  std::vector<std::int64_t> timestamp;  // Unix epoch, seconds
  std::vector<float> value;             // EVENT_VALUE or rating; NaN where the file has none; empty
                                        // when it has no such column
  std::vector<std::uint32_t> event;     // index in event_types; empty without EVENT_TYPE
  std::vector<float> weight;            // how much the row counts, over 0; empty: all alike
  std::vector<std::string> user_ids;
  std::vector<std::string> item_ids;
  std::vector<std::string> event_types;
  std::vector<ContextColumn> context;  // those that were asked for

  [[nodiscard]] std::size_t size() const { return user.size(); }
};

struct LoadOptions {
  std::vector<EventRule> events;                // checked; empty: rows of all types, alike
  std::optional<double> event_value_threshold;  // of the types without one of their own
  std::vector<std::string> context_columns;     // columns of strings, at most kMaxContextColumns
  // Parquet files of the same columns whose rows follow, when the first is Parquet, too.
  std::vector<std::string> more;
  int threads = 0;                                // 0: as many as the machine has
  std::function<void(double fraction)> progress;  // called from the calling thread; may be empty
  std::string name = {};  // of the file, in complaints about a CSV; empty: its own
};

// Reads a Parquet file that an import published, or a CSV file, told apart by their first bytes.
// CSV columns (in any order, others ignored): USER_ID, ITEM_ID, TIMESTAMP[, EVENT_TYPE][,
// EVENT_VALUE] or MovieLens' userId, movieId, timestamp[, rating].
// A filter on a column that the file lacks is an error, and so are a context column that it lacks
// and an event type that no row has; ids without a row left are not in the vocabularies. Errors:
// kInvalidInput with the line number for a bad CSV, kNotFound, kCorrupt, kInternal.
Result<InteractionTable> LoadInteractions(const std::string& path, const LoadOptions& options = {});

}  // namespace usher::engine
