// Pattern: a regular expression of a service model, matched against outside text with bounded work.
#pragma once

#include <memory>
#include <string_view>

namespace usher::wire {

class Pattern {
 public:
  // The pattern is the project's own (from a model): one that does not compile is a bug.
  explicit Pattern(std::string_view expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // Whether the whole text matches. Text that is not UTF-8, or that needs more than a fixed number
  // of steps, does not.
  [[nodiscard]] bool Matches(std::string_view text) const;

  // The compiled form of a model's pattern, made at its first use and kept. Threads: safe.
  static const Pattern& Of(std::string_view expression);

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace usher::wire
