// NewItems: the items of a catalogue that are young enough to be explored, precomputed once for a
// model so that an answer costs the same whatever the size of the catalogue.
//
// Age:     from an item's birth to `now`; one as old as the cut-off is still new.
// Cost:    O(items) to build; 8 bytes an item and 16 bytes a new one.
// Threads: safe to read from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace usher::recsys {

inline constexpr double kSecondsPerDay = 86400;

class NewItems {
 public:
  static constexpr std::uint32_t kNoPlace = std::numeric_limits<std::uint32_t>::max();
  // Birth of an item about which nothing is known: never new.
  static constexpr std::int64_t kUnknownBirth = std::numeric_limits<std::int64_t>::min();

  NewItems() = default;
  // births[i] is when item i came into being and counts[i] how many different users have met it;
  // births, `now` in seconds of one epoch. An item from after `now` is new.
  NewItems(std::span<const std::int64_t> births, std::span<const std::uint32_t> counts,
           std::int64_t now, double cut_off_days);

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  // The new items, ascending; a place is an index in them.
  [[nodiscard]] std::uint32_t item(std::size_t place) const { return items_[place]; }
  [[nodiscard]] std::uint32_t count(std::size_t place) const { return counts_[place]; }
  // kNoPlace of an item that is not new.
  [[nodiscard]] std::uint32_t PlaceOf(std::uint32_t item) const {
    return item < place_of_.size() ? place_of_[item] : kNoPlace;
  }

 private:
  std::vector<std::uint32_t> items_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> place_of_;  // empty when nothing is new
};

}  // namespace usher::recsys
