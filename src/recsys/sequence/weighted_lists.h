// WeightedLists: a sparse matrix of non-negative weights by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recsys/ranking/scored_item.h"

namespace usher::recsys {

// Borrowed, for example from a mapped file. `offsets` has size() + 1 entries.
struct WeightedListsView {
  std::span<const std::int64_t> offsets;
  std::span<const std::uint32_t> items;
  std::span<const float> weights;  // of each entry of items, over 0

  struct Row {
    std::span<const std::uint32_t> items;
    std::span<const float> weights;
  };

  [[nodiscard]] std::size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  [[nodiscard]] Row operator[](std::size_t row) const {
    const auto begin = static_cast<std::size_t>(offsets[row]);
    const auto count = static_cast<std::size_t>(offsets[row + 1] - offsets[row]);
    return {items.subspan(begin, count), weights.subspan(begin, count)};
  }
};

struct WeightedLists {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::uint32_t> items;
  std::vector<float> weights;

  [[nodiscard]] std::size_t size() const { return offsets.size() - 1; }
  [[nodiscard]] WeightedListsView view() const { return {offsets, items, weights}; }
};

// Rows laid end to end, entries as they come.
[[nodiscard]] WeightedLists ListsOf(std::span<const std::vector<ScoredItem>> rows);

}  // namespace usher::recsys
