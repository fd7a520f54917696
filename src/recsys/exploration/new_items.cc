#include "recsys/exploration/new_items.h"

#include "base/check.h"

namespace usher::recsys {

NewItems::NewItems(std::span<const std::int64_t> births, std::span<const std::uint32_t> counts,
                   std::int64_t now, double cut_off_days) {
  Check(births.size() == counts.size(), "every item has a birth and a count");
  const double cut_off_seconds = cut_off_days * kSecondsPerDay;
  for (std::size_t item = 0; item < births.size(); ++item) {
    if (births[item] == kUnknownBirth) continue;
    // As doubles: the difference of two extreme times does not fit into an integer.
    const double age = static_cast<double>(now) - static_cast<double>(births[item]);
    if (age > cut_off_seconds) continue;
    items_.push_back(static_cast<std::uint32_t>(item));
    counts_.push_back(counts[item]);
  }
  if (items_.empty()) return;
  place_of_.assign(births.size(), kNoPlace);
  for (std::size_t place = 0; place < items_.size(); ++place) {
    place_of_[items_[place]] = static_cast<std::uint32_t>(place);
  }
}

}  // namespace usher::recsys
