// Filter expressions of X-Ray: which traces are wanted.
//
//   service("api.example.com") { fault = true OR responsetime > 2 } AND annotation.device = "phone"
//
// Grammar (keywords and operators in any case):
//   or      = and { ("OR" | "||") and }
//   and     = not { ("AND" | "&&") not }
//   not     = ("!" | "NOT") not | "(" or ")" | term
//   term    = flag [ ("=" | "!=") boolean ]
//           | number ("=" | "!=" | "<" | "<=" | ">" | ">=") literal
//           | text ("=" | "!=" | "CONTAINS" | "BEGINSWITH" | "ENDSWITH") literal
//           | annotation [ any of these operators, literal ]
//           | "service" "(" [id] ")" [ "{" or "}" ]
//           | "edge" "(" id "," id ")" [ "{" or "}" ]
//   id      = literal | "id" "(" name ":" literal { "," name ":" literal } ")"   names: name, type,
//             account.id
//   flag    = ok | error | fault | throttle | partial
//   number  = responsetime | duration | http.status
//   text    = http.url | http.method | http.useragent | http.clientip | user | name | type |
//             rootcause.fault.service | rootcause.error.service | rootcause.fault.message |
//             rootcause.error.message
//   annotation = "annotation" ( "." key | "[" key "]" )
//
// Outside braces a term asks of the whole trace: ok, error, fault and throttle of any of its
// segments and calls, responsetime and http.* of the segment that it entered by, duration from its
// first start to its last end. Within the braces of a service it asks of that service's segments,
// or calls where the service has sent none; within those of an edge, of the calls from the one to
// the other.
//
// Limits: kMaxFilterBytes, kMaxFilterDepth.
// Errors: invalid input, with the position and what is accepted there.
// Source: AWS X-Ray Developer Guide, "Using filter expressions". Threads: a parsed filter may be
// used from any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/xray/trace.h"

namespace usher::xray {

inline constexpr std::size_t kMaxFilterBytes = 2'000;
inline constexpr int kMaxFilterDepth = 32;

// What "service(…)" and "edge(…)" name; an empty member fits any.
struct NodePattern {
  std::string name;
  std::string type;
  std::string account;
  [[nodiscard]] bool Fits(const Node& node) const;
};

class Filter {
 public:
  static Result<Filter> Parse(std::string_view text);
  ~Filter();
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;

  [[nodiscard]] bool Matches(const Trace& trace, const NodeTable& nodes) const;

  struct Expression;

 private:
  explicit Filter(std::unique_ptr<const Expression> root);
  std::unique_ptr<const Expression> root_;
};

// What GetTimeSeriesServiceStatistics counts: "service(…)" alone, or "edge(…)" alone.
struct EntitySelector {
  bool is_edge = false;
  NodePattern service;  // or the edge's caller
  NodePattern called;
};
Result<EntitySelector> ParseEntitySelector(std::string_view text);

}  // namespace usher::xray
