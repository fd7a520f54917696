#include "recsys/tuning/search_space.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/check.h"
#include "base/random.h"

namespace usher::recsys {
namespace {

using Kind = ParameterRange::Kind;

constexpr std::array<std::uint32_t, kMaxParameters> kPrimes{2,  3,  5,  7,  11, 13, 17, 19,
                                                            23, 29, 31, 37, 41, 43, 47, 53};
constexpr int kSignificantDigits = 4;
constexpr std::size_t kTriesPerTrial = 50;  // before a space counts as exhausted

// The digits of `index` in `base`, mirrored at the point.
double RadicalInverse(std::uint64_t index, std::uint32_t base) {
  double value = 0;
  double digit = 1.0 / base;
  for (; index > 0; index /= base) {
    value += static_cast<double>(index % base) * digit;
    digit /= base;
  }
  return value;
}

std::string TextOf(const ParameterRange& range, double number) {
  number = std::clamp(number, range.min, range.max);
  char text[32];
  if (range.kind == Kind::kInteger) {
    // Inwards, so that fractions of bounds do not lead out of them.
    number = std::clamp(std::round(number), std::ceil(range.min), std::floor(range.max));
    const auto [end, error] =
        std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(number));
    return {text, end};
  }
  const auto [end, error] = std::to_chars(text, text + sizeof text, number,
                                          std::chars_format::general, kSignificantDigits);
  double rounded = 0;
  std::from_chars(text, end, rounded);
  if (rounded >= range.min && rounded <= range.max) return {text, end};
  const auto [exact_end, exact_error] = std::to_chars(text, text + sizeof text, number);
  return {text, exact_end};
}

std::string ValueAt(const ParameterRange& range, double u) {  // 0 <= u < 1
  switch (range.kind) {
    case Kind::kCategorical:
      return range
          .values[std::min(range.values.size() - 1,
                           static_cast<std::size_t>(u * static_cast<double>(range.values.size())))];
    case Kind::kInteger:
      if (range.logarithmic) {
        return TextOf(range, range.min * std::pow((range.max + 1) / range.min, u) - 0.5);
      }
      return TextOf(range, std::floor(range.min + u * (range.max - range.min + 1)));
    case Kind::kContinuous:
      if (range.logarithmic) return TextOf(range, range.min * std::pow(range.max / range.min, u));
      return TextOf(range, range.min + u * (range.max - range.min));
  }
  return "";
}

std::string NearestTo(const ParameterRange& range, const std::string& value) {
  if (range.kind == Kind::kCategorical) {
    return std::ranges::find(range.values, value) != range.values.end() ? value
                                                                        : range.values.front();
  }
  const double number = std::strtod(value.c_str(), nullptr);
  if (number >= range.min && number <= range.max) return value;
  return TextOf(range, number);
}

}  // namespace

std::vector<Assignment> ChooseTrials(const std::vector<ParameterRange>& ranges,
                                     const Assignment& defaults, std::size_t count,
                                     std::uint64_t seed) {
  Check(ranges.size() <= kMaxParameters, "a search has at most kMaxParameters ranges");
  Random random(seed);
  std::vector<double> shift(ranges.size());
  for (double& one : shift) one = random.Uniform();

  std::vector<Assignment> trials(1);
  for (const ParameterRange& range : ranges) {
    const auto given = defaults.find(range.name);
    Check(given != defaults.end(), "every range has a default");
    trials.front()[range.name] = NearestTo(range, given->second);
  }
  std::set<Assignment> known{trials.front()};
  for (std::uint64_t index = 1; trials.size() < count && index <= count * kTriesPerTrial; ++index) {
    Assignment trial;
    for (std::size_t j = 0; j < ranges.size(); ++j) {
      const double u = RadicalInverse(index, kPrimes[j]) + shift[j];
      trial[ranges[j].name] = ValueAt(ranges[j], u - std::floor(u));
    }
    if (known.insert(trial).second) trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace usher::recsys
