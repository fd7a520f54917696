// Query: the language of StartQuery, as far as it is understood here.
//
//   fields @timestamp, @message, user.name
//   | filter level = "ERROR" and @message like /time(out|d out)/
//   | stats count(*) as errors, avg(ms) by @logStream, bin(5m)
//   | sort errors desc
//   | limit 20
//
// Fields: @timestamp, @ingestionTime, @message, @logStream, @log; else a member of a message that
// is JSON, with '.' between the names of nested ones. A name with other characters stands in `…`.
// filter: = != < <= > >=, like and =~ with "text" or /regex/, not like, in [a, b], ispresent(f),
// and, or, not, brackets. stats: count(*), count(f), count_distinct(f), sum, avg, min, max, by
// fields and bin(N s|m|h|d). display is fields. Whatever else the service knows (parse, dedup,
// functions of strings …) is refused with its name.
//
// Cost:   each message is parsed as JSON once, when a field of it is asked for.
// Source: "CloudWatch Logs Insights language query syntax", CloudWatch Logs User Guide.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace usher::logs {

// What a query looks at.
struct QueryEvent {
  std::int64_t time = 0;  // ms since 1970
  std::int64_t ingested = 0;
  std::string_view message;
  std::string_view stream;
  std::string_view log;  // account:group
  std::string ptr;       // what GetLogRecord would take: names the event
};

using QueryRow = std::vector<std::pair<std::string, std::string>>;  // field, value

inline constexpr std::size_t kMaxQueryRows = 10'000;
inline constexpr std::size_t kMaxQueryGroups = 10'000;  // of stats

class Query {
 public:
  // Errors: invalid input, named MalformedQueryException.
  static Result<Query> Parse(std::string_view text);
  ~Query();
  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;

  // Looks at one event. True when it passed all filters.
  bool Add(const QueryEvent& event);
  // True when no further event can change the result. Only for events newest first.
  [[nodiscard]] bool is_full() const;
  // The rows of everything that was added.
  [[nodiscard]] std::vector<QueryRow> Finish(std::optional<std::size_t> limit);

 private:
  struct Plan;
  explicit Query(std::unique_ptr<Plan> plan);
  std::unique_ptr<Plan> plan_;
};

}  // namespace usher::logs
