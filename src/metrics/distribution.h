// Distribution: how many of which values, in classes a twelfth wide, with their exact count, sum,
// least and greatest: what a percentile is read from.
//
// Source:  the idea of DDSketch (Masson, Rim, Lee, VLDB 2019): classes of equal relative width.
// Cost:    Add O(log classes); 12 bytes for each class that holds something.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace usher::metrics {

class Distribution {
 public:
  // `count` > 0 times the value, which is finite.
  void Add(double value, double count = 1);
  // `count` values of which only these are known; they are taken to lie at their mean, but for the
  // least and the greatest.
  void AddSummary(double count, double sum, double least, double greatest);
  void Add(const Distribution& other);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] double count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] double least() const { return least_; }
  [[nodiscard]] double greatest() const { return greatest_; }
  // The value below which the share `part` (0 to 1) lies, off by no more than 4.5 %; 0 when empty.
  [[nodiscard]] double Quantile(double part) const;
  // How many lie at or below the value, by whole classes.
  [[nodiscard]] double CountUpTo(double value) const;

  using Class = std::pair<std::int32_t, double>;  // number, count
  [[nodiscard]] const std::vector<Class>& classes() const { return classes_; }
  static Distribution Restore(double count, double sum, double least, double greatest,
                              std::vector<Class> classes);

  bool operator==(const Distribution&) const = default;

 private:
  void AddClass(std::int32_t number, double count);

  double count_ = 0;
  double sum_ = 0;
  double least_ = 0;
  double greatest_ = 0;
  std::vector<Class> classes_;  // rising; negative values have negative numbers, zero has 0
};

}  // namespace usher::metrics
