// Path: the JSONPath that state machines use to point into their data.
//
//   $                     the whole              $.store.book[0].title     a member of an element
//   $['odd name'].x       any name               $.list[-1], $.list[1:3]   from the end; a slice
//   $.list[*].id, $..id   all of them            $.list[?(@.price < 10)]   those that satisfy it
//
// A path is definite when it can name one place at most ($.a[0].b): it then gives that value. Any
// other gives the list of what it found. Definite paths alone can be written to (reference paths).
//
// Source: Amazon States Language, "Paths" and "Reference Paths"; Goessner, "JSONPath", 2007.
// Limits: kMaxPathBytes, kMaxPathSteps and, per evaluation, kMaxPathMatches.
// Threads: immutable once parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace usher::states {

inline constexpr std::size_t kMaxPathBytes = 4096;
inline constexpr std::size_t kMaxPathSteps = 64;
inline constexpr std::size_t kMaxPathMatches = 1'000'000;
inline constexpr std::int64_t kMaxWrittenIndex = 10'000;  // of a list that a write makes longer

struct PathFilter;

class Path {
 public:
  // `text` begins with '$'. Errors: invalid input, with the place at which reading ended.
  static Result<Path> Parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_definite() const { return definite_; }

  // What a definite path points to, in place; nullptr when nothing is there.
  [[nodiscard]] const Value* Find(const Value& root) const;
  // As Find for definite paths, else the list of what was found. nullopt when nothing is there.
  [[nodiscard]] std::optional<Value> Select(const Value& root) const;
  // Puts `value` where a definite path points, making objects on the way. Errors: invalid input
  // when something on the way is no object, or no list that has the element.
  Result<void> Write(Value& root, Value value) const;

  struct Slice {
    std::optional<std::int64_t> begin, end;
    std::int64_t step = 1;
  };
  struct Wildcard {};
  struct Step {
    bool descend = false;  // ".." before it: at any depth
    // Names or indices of which each counts, a slice, all, or those that satisfy the filter.
    std::variant<std::vector<std::string>, std::vector<std::int64_t>, Slice, Wildcard,
                 std::shared_ptr<const PathFilter>>
        what;
  };

 private:
  friend class PathParser;
  std::string text_;
  std::vector<Step> steps_;
  bool definite_ = true;
};

}  // namespace usher::states
