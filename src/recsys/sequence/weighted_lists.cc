#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

WeightedLists ListsOf(std::span<const std::vector<ScoredItem>> rows) {
  WeightedLists lists;
  std::size_t entries = 0;
  for (const auto& row : rows) entries += row.size();
  lists.offsets.reserve(rows.size() + 1);
  lists.items.reserve(entries);
  lists.weights.reserve(entries);
  for (const std::vector<ScoredItem>& row : rows) {
    for (const ScoredItem& entry : row) {
      lists.items.push_back(entry.item);
      lists.weights.push_back(entry.score);
    }
    lists.offsets.push_back(static_cast<std::int64_t>(lists.items.size()));
  }
  return lists;
}

}  // namespace usher::recsys
