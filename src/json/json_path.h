// JsonPath: the parts of a JSON tree that an expression names.
//
//   $.a.b  $['a b']  $.list[0]  $.list[-1]  $.list[1:3]  $.list[0,2]  $.*  $.list[*]  $..name
//   $.list[?(@.price < 10 && @.title)]  $.list.length()
//
// Source:  S. Goessner, "JSONPath - XPath for JSON", 2007, as Jayway's JsonPath reads it, which the
//          services use.
// Limits:  kMaxPathBytes, kMaxPathSteps, kMaxPathResults. Recursive descent looks at every value
// once. Threads: safe from any.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace usher::json {

inline constexpr std::size_t kMaxPathBytes = 1024;
inline constexpr std::size_t kMaxPathSteps = 64;
inline constexpr std::size_t kMaxPathResults = 1'000'000;

class JsonPath {
 public:
  // Errors: invalid input, with the character where reading ended.
  static Result<JsonPath> Parse(std::string_view text);

  // True when at most one value can be named: no wildcard, slice, union, filter or descent.
  [[nodiscard]] bool is_definite() const;

  // What is named, in the order of the document. Errors: limit exceeded.
  Result<std::vector<const Value*>> Select(const Value& root) const;

  // The one value of a definite path, or the list of all that an indefinite one names; nullopt when
  // a definite path leads nowhere. Errors: limit exceeded.
  Result<std::optional<Value>> Get(const Value& root) const;

  struct Program;

 private:
  explicit JsonPath(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace usher::json
