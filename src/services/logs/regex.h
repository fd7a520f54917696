// Regex: a client's regular expression (PCRE2), searched for in text with bounded work.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace usher::logs {

inline constexpr std::size_t kMaxRegexBytes = 1024;

class Regex {
 public:
  // Errors: invalid input for what is none, or too long.
  static Result<Regex> Compile(std::string_view expression);

  // Whether it is found anywhere. False where that needs more than a fixed number of steps, or
  // where the text is not UTF-8.
  [[nodiscard]] bool Finds(std::string_view text) const;

 private:
  struct Compiled;
  explicit Regex(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace usher::logs
