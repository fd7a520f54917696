// Popularity: items by the number of different users who met them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "recsys/interactions/lists.h"

namespace usher::recsys {

// Number of users who met each item; `by_user` has each item once a user.
[[nodiscard]] std::vector<std::uint32_t> CountUsers(const ListsView& by_user,
                                                    std::size_t item_count);

class PopularityRanking {
 public:
  PopularityRanking() = default;
  explicit PopularityRanking(std::span<const std::uint32_t> user_counts);

  // All items, most popular first, equal ones by index.
  [[nodiscard]] std::span<const std::uint32_t> order() const { return order_; }
  // The item's part of all interactions: sums to 1; the same for all when there are none.
  [[nodiscard]] float Share(std::uint32_t item) const { return shares_[item]; }

 private:
  std::vector<std::uint32_t> order_;
  std::vector<float> shares_;
};

}  // namespace usher::recsys
