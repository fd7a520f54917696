// Regex: a client's regular expression (PCRE2), matched against text with bounded work.
//
// Errors:  what is written here as "false" or "nothing found" is also the answer where a match
// needs
//          more than a fixed number of steps, or where the text is not UTF-8.
// Threads: safe from any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher {

inline constexpr std::size_t kMaxRegexBytes = 1024;

class Regex {
 public:
  // Errors: invalid input for what is none, or too long.
  static Result<Regex> Compile(std::string_view expression);

  // Whether it is found anywhere.
  [[nodiscard]] bool Finds(std::string_view text) const;
  // Whether the whole text matches.
  [[nodiscard]] bool Matches(std::string_view text) const;

  // `text` with its matches, all or only the first, replaced; in the replacement "$1" stands for
  // the first group and a backslash makes the next character an ordinary one, as in Java. Errors:
  // invalid input for a group that the expression does not have; limit exceeded when the outcome
  // would be longer than `max_bytes` or needs too many steps.
  Result<std::string> Replace(std::string_view text, std::string_view replacement, bool all,
                              std::size_t max_bytes) const;
  // The parts of `text` between the matches; empty parts at the end are left out, as in Java.
  // Errors: limit exceeded when there are more than `max_parts`.
  Result<std::vector<std::string>> Split(std::string_view text, std::size_t max_parts) const;

 private:
  struct Compiled;
  class Finder;
  explicit Regex(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace usher
