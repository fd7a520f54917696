// SearchSpace: the values that hyperparameters may take, and which of them to try.
//
// Points:  the Halton sequence (Halton, Numerische Mathematik 1960) moved by a random shift
// (Cranley
//          and Patterson, SIAM J. Numer. Anal. 1976): spread more evenly than random points, and
//          others for each seed.
// Numbers travel as text; continuous ones are rounded to 4 significant digits, so that what a
// report shows is what was tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace usher::recsys {

struct ParameterRange {
  enum class Kind { kInteger, kContinuous, kCategorical };
  std::string name;
  Kind kind = Kind::kContinuous;
  double min = 0;  // of numbers, both inclusive; min <= max
  double max = 0;
  bool logarithmic = false;         // tried evenly in the logarithm; min > 0
  std::vector<std::string> values;  // of kCategorical, at least one

  bool operator==(const ParameterRange&) const = default;
};

using Assignment = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t kMaxParameters = 16;  // ranges of one search

// Up to `count` (at least 1) different assignments of the ranges' parameters, fewer when the space
// has not as many. The first is the default: `defaults` names a value for every range, which is
// moved to the nearest allowed one (the first of a category that does not list it).
[[nodiscard]] std::vector<Assignment> ChooseTrials(const std::vector<ParameterRange>& ranges,
                                                   const Assignment& defaults, std::size_t count,
                                                   std::uint64_t seed);

}  // namespace usher::recsys
