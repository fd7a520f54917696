// ScoredItem: one line of an answer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace usher::recsys {

struct ScoredItem {
  std::uint32_t item = 0;
  float score = 0;
  bool operator==(const ScoredItem&) const = default;
};

// The order of answers: higher scores first, equal ones by item index.
[[nodiscard]] inline bool RanksBefore(const ScoredItem& a, const ScoredItem& b) {
  return a.score != b.score ? a.score > b.score : a.item < b.item;
}

// Sorts scored places of `list` (item j means list[j]), equal scores in the order of the list, and
// puts the items in.
inline void SortPlaces(std::span<const std::uint32_t> list, std::vector<ScoredItem>& places) {
  std::ranges::sort(places, RanksBefore);
  for (ScoredItem& entry : places) entry.item = list[entry.item];
}

}  // namespace usher::recsys
