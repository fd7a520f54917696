#include "metrics/distribution.h"

#include <algorithm>
#include <cmath>

namespace usher::metrics {
namespace {

constexpr double kPerDoubling = 8;
constexpr double kSmallest = 1e-9;   // smaller ones are zero
constexpr std::int32_t kOffset = 1;  // of the class of kSmallest

std::int32_t ClassOf(double value) {
  const double size = std::abs(value);
  if (size < kSmallest) return 0;
  const auto number =
      static_cast<std::int32_t>(std::floor(std::log2(size / kSmallest) * kPerDoubling)) + kOffset;
  return value < 0 ? -number : number;
}

// The middle of a class.
double ValueOf(std::int32_t number) {
  if (number == 0) return 0;
  const double size = kSmallest * std::exp2((std::abs(number) - kOffset + 0.5) / kPerDoubling);
  return number < 0 ? -size : size;
}

}  // namespace

void Distribution::AddClass(std::int32_t number, double count) {
  const auto at = std::ranges::lower_bound(classes_, number, {}, &Class::first);
  if (at != classes_.end() && at->first == number) {
    at->second += count;
  } else {
    classes_.insert(at, {number, count});
  }
}

void Distribution::Add(double value, double count) {
  least_ = empty() ? value : std::min(least_, value);
  greatest_ = empty() ? value : std::max(greatest_, value);
  count_ += count;
  sum_ += value * count;
  AddClass(ClassOf(value), count);
}

void Distribution::AddSummary(double count, double sum, double least, double greatest) {
  Distribution other;
  other.count_ = count;
  other.sum_ = sum;
  other.least_ = least;
  other.greatest_ = greatest;
  if (count >= 2) {
    other.AddClass(ClassOf(least), 1);
    other.AddClass(ClassOf(greatest), 1);
    if (count > 2) other.AddClass(ClassOf((sum - least - greatest) / (count - 2)), count - 2);
  } else {
    other.AddClass(ClassOf(sum / count), count);
  }
  Add(other);
}

void Distribution::Add(const Distribution& other) {
  if (other.empty()) return;
  least_ = empty() ? other.least_ : std::min(least_, other.least_);
  greatest_ = empty() ? other.greatest_ : std::max(greatest_, other.greatest_);
  count_ += other.count_;
  sum_ += other.sum_;
  for (const auto& [number, count] : other.classes_) AddClass(number, count);
}

double Distribution::Quantile(double part) const {
  if (empty()) return 0;
  if (part <= 0) return least_;
  if (part >= 1) return greatest_;
  double below = 0;
  for (const auto& [number, count] : classes_) {
    below += count;
    if (below >= part * count_) return std::clamp(ValueOf(number), least_, greatest_);
  }
  return greatest_;
}

double Distribution::CountUpTo(double value) const {
  const std::int32_t last = ClassOf(value);
  double count = 0;
  for (const auto& [number, in_class] : classes_) {
    if (number > last) break;
    count += in_class;
  }
  return count;
}

Distribution Distribution::Restore(double count, double sum, double least, double greatest,
                                   std::vector<Class> classes) {
  Distribution made;
  made.count_ = count;
  made.sum_ = sum;
  made.least_ = least;
  made.greatest_ = greatest;
  made.classes_ = std::move(classes);
  return made;
}

}  // namespace usher::metrics
