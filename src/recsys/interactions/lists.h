// Lists: many lists of indices laid end to end (compressed sparse rows).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace usher::recsys {

// Borrowed lists, for example from a mapped file. `offsets` has size() + 1 entries.
struct ListsView {
  std::span<const std::int64_t> offsets;
  std::span<const std::uint32_t> values;

  [[nodiscard]] std::size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t list) const {
    return values.subspan(static_cast<std::size_t>(offsets[list]),
                          static_cast<std::size_t>(offsets[list + 1] - offsets[list]));
  }
};

// The weights of one list out of those of all, laid end to end as the values are; none of none.
[[nodiscard]] inline std::span<const float> WeightsOfList(const ListsView& lists,
                                                          std::span<const float> weights,
                                                          std::size_t list) {
  if (weights.empty()) return {};
  return weights.subspan(static_cast<std::size_t>(lists.offsets[list]), lists[list].size());
}

struct Lists {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::uint32_t> values;

  [[nodiscard]] std::size_t size() const { return offsets.size() - 1; }
  [[nodiscard]] ListsView view() const { return {offsets, values}; }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t list) const {
    return view()[list];
  }
  void Append(std::span<const std::uint32_t> list) {
    values.insert(values.end(), list.begin(), list.end());
    offsets.push_back(static_cast<std::int64_t>(values.size()));
  }
};

// The lists turned around: list v of the answer holds, in ascending order, the lists in which v
// occurs. `value_count` is one more than the largest value may be. Cost: O(values).
[[nodiscard]] Lists Transpose(const ListsView& lists, std::size_t value_count);

}  // namespace usher::recsys
