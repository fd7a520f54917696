// The queries that ran lately and their results, in memory: they are gone with the server.
//
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/logs/query.h"

namespace usher::logs {

inline constexpr std::size_t kMaxKeptQueries = 100;  // the oldest goes

struct RanQuery {
  std::string id;
  std::string text;
  std::string group;         // the first one
  std::string status;        // "Complete", or "Timeout" with what was found until then
  std::int64_t created = 0;  // ms since 1970
  std::int64_t duration_ms = 0;
  double scanned = 0;  // events
  double matched = 0;
  double bytes = 0;
  std::size_t groups = 0;
  std::vector<QueryRow> rows;
};

class Queries {
 public:
  void Add(RanQuery query);
  [[nodiscard]] std::optional<RanQuery> Find(const std::string& id) const;
  // Newest first, without their rows.
  [[nodiscard]] std::vector<RanQuery> List() const;

 private:
  mutable std::mutex mutex_;
  std::deque<RanQuery> queries_;  // oldest first
};

}  // namespace usher::logs
