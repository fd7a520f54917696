// FilterPattern: the patterns of FilterLogEvents.
//
//   ERROR "out of memory" -retry   holds each term and phrase, and none after a '-'
//   %4[0-9]{2}%                    has a place that the regular expression matches
//   ?ERROR ?WARN                   holds one of them; together with other terms, those with '?' are
//                                  not looked at, as the service does it
//   { $.level = "ERROR" && ($.ms > 100 || $.user.name = "b*") }
//                                  the whole message is JSON whose members are so. Operators: = !=
//                                  < <= > >=, IS NULL, IS TRUE, IS FALSE, NOT EXISTS, EXISTS; '*'
//                                  in a string stands for any text; paths are $.a.b, $.a[0], $["a
//                                  b"]
//   [ip, user, time, request, status = 4*, bytes > 1000]
//                                  the message has as many columns, which are so; "..." stands for
//                                  any number of them. Columns are parted by spaces; what stands in
//                                  quotes or brackets is one.
//   nothing                        everything
//
// A regular expression also stands right of = and != of members and columns. Case counts. A
// comparison with a member that is not there is false.
//
// Cost:    terms: a search for each; JSON: the message is parsed; columns: O(message).
// Threads: Matches from any thread.
// Source:  "Filter pattern syntax for metric filters, subscription filters, filter log events, and
//          Live Tail", CloudWatch Logs User Guide.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace usher::logs {

class FilterPattern {
 public:
  // Errors: invalid input, saying what is wrong and where.
  static Result<FilterPattern> Parse(std::string_view text);

  [[nodiscard]] bool Matches(std::string_view message) const;
  [[nodiscard]] bool matches_all() const { return matcher_ == nullptr; }

  class Matcher {
   public:
    virtual ~Matcher() = default;
    [[nodiscard]] virtual bool Matches(std::string_view message) const = 0;
  };

 private:
  explicit FilterPattern(std::shared_ptr<const Matcher> matcher) : matcher_(std::move(matcher)) {}
  std::shared_ptr<const Matcher> matcher_;  // nullptr: everything
};

}  // namespace usher::logs
